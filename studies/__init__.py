"""Long studies on simulated data with a known truth: ``python -m studies.null_study`` and ``studies.law_recovery``."""
