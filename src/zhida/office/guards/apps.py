from __future__ import annotations

from django.apps import AppConfig


class GuardsConfig(AppConfig):
    name = "zhida.office.guards"
    label = "guards"
    verbose_name = "数据范围"
