"""The rule of length, in the user's language: the library's own sentence has no Chinese in this version."""

from __future__ import annotations

from django.contrib.auth.password_validation import MinimumLengthValidator


class Length(MinimumLengthValidator):
    def get_error_message(self) -> str:
        return f"密码太短：至少 {self.min_length} 位。"

    def get_help_text(self) -> str:
        return f"密码至少 {self.min_length} 位。"
