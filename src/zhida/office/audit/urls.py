from __future__ import annotations

from django.urls import path

from zhida.office.audit import pages

app_name = "audit"
urlpatterns = [path("", pages.entries, name="entries")]
