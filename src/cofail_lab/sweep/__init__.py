"""Many runs of one command: folders keyed by content, claims, a journal, and what is said at the end."""
