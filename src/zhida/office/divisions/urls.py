from __future__ import annotations

from django.urls import path

from zhida.office.divisions import pages

app_name = "divisions"
urlpatterns = [path("", pages.search, name="search")]
