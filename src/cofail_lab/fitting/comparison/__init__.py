"""Every fitted law in one table, and all of them judged on held-out queries."""
