"""The gate for the notebooks: their shape, their runs, their sections, their controls."""
