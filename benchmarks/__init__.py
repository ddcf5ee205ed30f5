"""Measurements side by side with other libraries, taken in one run on one machine."""
