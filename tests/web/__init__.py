"""Tests of authlab.web."""
