"""From solution to tables and statements. Empty, so that importing the audit below it loads nothing else."""
