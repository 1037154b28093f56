"""Faults from outside: programs killed, disks that fail or fill up, lost answers, copies restored elsewhere."""
