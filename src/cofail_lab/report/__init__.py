"""What people see: the terminal summary, the figures and the HTML page."""
