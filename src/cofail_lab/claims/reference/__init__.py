"""Independent ways to compute what the claims are judged by: exact enumeration, linear programs, simulation."""
