from __future__ import annotations

from django.urls import path

from zhida.office.accounts import keeping_pages, pages

app_name = "accounts"
urlpatterns = [
    path("sign-in/", pages.sign_in, name="sign-in"),
    path("sign-out/", pages.sign_out, name="sign-out"),
    path("password/", pages.password, name="password"),
    path("second-factor/", pages.second_factor, name="second-factor"),
    path("seats/", pages.seats_page, name="seats"),
    path("permissions/", pages.permissions, name="permissions"),
    path("posts/", pages.posts, name="posts"),
    path("posts/<int:number>/", keeping_pages.post, name="post"),
    path("users/", keeping_pages.users, name="users"),
]
