"""Proof for `authlab.jose`: vectors, other libraries, strictness, hostile input."""
