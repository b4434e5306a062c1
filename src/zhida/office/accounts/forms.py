"""Forms of this app. What was typed stays; each error stands beside its field."""

from __future__ import annotations

from typing import Any

from django import forms

from zhida.office.accounts.models import User, normal_username
from zhida.office.accounts.tasks import Task
from zhida.office.divisions.models import Division


class TokenForm(forms.Form):
    token = forms.CharField(
        label="六位验证码",
        min_length=6,
        max_length=6,
        widget=forms.TextInput(
            attrs={"autocomplete": "one-time-code", "inputmode": "numeric", "autofocus": True}
        ),
    )


def user_named(username: str) -> User:
    user = User.objects.filter(username=normal_username(username)).first()
    if user is None:
        raise forms.ValidationError("没有这个用户。")
    return user


class UserForm(forms.Form):
    username = forms.CharField(label="用户名", max_length=60)
    name = forms.CharField(label="姓名", max_length=60)


class EndForm(forms.Form):
    on = forms.DateField(label="自何日起不再担任", widget=forms.DateInput(attrs={"type": "date"}))


class StandInForm(forms.Form):
    username = forms.CharField(label="代理人的用户名", max_length=60)
    start = forms.DateField(label="起", widget=forms.DateInput(attrs={"type": "date"}))
    until = forms.DateField(label="止（不含）", widget=forms.DateInput(attrs={"type": "date"}))
    reason = forms.CharField(label="事由", max_length=200)

    def clean_username(self) -> User:
        return user_named(self.cleaned_data["username"])

    def values(self) -> dict[str, Any]:
        """Arguments of ``stand_in``."""
        cleaned = dict(self.cleaned_data)
        return {"user": cleaned.pop("username"), **cleaned}


class AppointForm(forms.Form):
    username = forms.CharField(label="用户名", max_length=60)
    task = forms.ChoiceField(label="任务", choices=Task.choices)
    division = forms.CharField(label="区划代码", max_length=12)
    start = forms.DateField(label="起", widget=forms.DateInput(attrs={"type": "date"}))
    until = forms.DateField(
        label="止（不含，可空）", required=False, widget=forms.DateInput(attrs={"type": "date"})
    )

    def clean_username(self) -> User:
        return user_named(self.cleaned_data["username"])

    def clean_division(self) -> Division:
        text: str = self.cleaned_data["division"]
        found = Division.objects.filter(pk=text.ljust(12, "0")).first() if text.isdecimal() else None
        if found is None:
            raise forms.ValidationError("没有这个区划代码。")
        return found

    def clean_task(self) -> Task:
        return Task(self.cleaned_data["task"])

    def values(self) -> dict[str, Any]:
        """Arguments of ``appoint``."""
        cleaned = dict(self.cleaned_data)
        return {"user": cleaned.pop("username"), **cleaned}
