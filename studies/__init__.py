"""Long studies of the methods on planted truths: ``python -m studies.null_study``, ``python -m studies.law_recovery``."""
