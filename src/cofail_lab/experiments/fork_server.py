"""What the fork server of `workers` imports first, before it imports the tasks."""

from cofail_lab.garbage import collect_seldom

collect_seldom()
