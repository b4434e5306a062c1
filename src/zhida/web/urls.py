from __future__ import annotations

from django.urls import include, path

from zhida.web import pages

urlpatterns = [
    path("", pages.home, name="home"),
    path("accounts/", include("zhida.office.accounts.urls")),
    path("audit/", include("zhida.office.audit.urls")),
    path("divisions/", include("zhida.office.divisions.urls")),
]
