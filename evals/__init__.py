"""Scores answers against written questions; imports `qa` the way a user would."""
