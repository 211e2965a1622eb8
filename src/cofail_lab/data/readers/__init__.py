"""One reader per format of graded answers, each with ``load() -> Grades``."""
