"""Quality of what was sent: ``measures`` (from the register) → ``answer`` (what may leave) → ``page``."""
