"""Many runs of one command: folders named by content, locks, a journal of events, and a report at the end."""
