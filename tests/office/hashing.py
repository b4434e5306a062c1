"""The hasher of the settings with few rounds: tests make many users."""

from __future__ import annotations

from django.contrib.auth.hashers import PBKDF2PasswordHasher


class Quick(PBKDF2PasswordHasher):
    algorithm = "pbkdf2_sha256_quick"
    iterations = 10
