from __future__ import annotations

from django.urls import path

from zhida.office.accounts import pages

app_name = "accounts"
urlpatterns = [
    path("sign-in/", pages.sign_in, name="sign-in"),
    path("sign-out/", pages.sign_out, name="sign-out"),
    path("password/", pages.password, name="password"),
    path("second-factor/", pages.second_factor, name="second-factor"),
    path("seats/", pages.seats_page, name="seats"),
    path("permissions/", pages.permissions, name="permissions"),
    path("posts/", pages.posts, name="posts"),
]
