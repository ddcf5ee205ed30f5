"""Taking access back: nine strategies, refresh tokens, one-time tokens, a population."""
