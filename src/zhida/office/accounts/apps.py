from __future__ import annotations

from django.apps import AppConfig
from django.utils.module_loading import autodiscover_modules


class AccountsConfig(AppConfig):
    name = "zhida.office.accounts"
    label = "accounts"
    verbose_name = "人员与岗位"

    def ready(self) -> None:
        # Each app names its permissions in a module of that name; the page of permissions lists them all.
        autodiscover_modules("permissions")
