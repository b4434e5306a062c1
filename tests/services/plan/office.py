"""One page in other formats: .docx by LibreOffice, .pdf by Chromium; a clear skip where they are missing."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

SECONDS = 120


def program(*names: str) -> str:
    """The first of the programs that is there; skips the test where none is."""
    found = next((path for name in names if (path := shutil.which(name))), None)
    if found is None:
        pytest.skip(f"{' or '.join(names)} is not installed (.ci/run installs it where it may)")
    return found


def as_docx(page: Path) -> Path:
    """The .html as .docx beside it."""
    profile = page.parent / "office-profile"
    _run(
        program("soffice", "libreoffice"), f"-env:UserInstallation={profile.as_uri()}", "--headless",
        "--infilter=HTML (StarWriter)", "--convert-to", "docx:MS Word 2007 XML",
        "--outdir", str(page.parent), str(page),
    )  # fmt: skip
    return page.with_suffix(".docx")


def as_pdf(page: Path) -> Path:
    """The .html as .pdf beside it."""
    pdf = page.with_suffix(".pdf")
    _run(
        program("chromium", "chromium-browser", "google-chrome"), "--headless", "--no-sandbox",
        "--disable-gpu", "--disable-background-networking", "--no-pdf-header-footer",
        f"--user-data-dir={page.parent / 'browser-profile'}", f"--print-to-pdf={pdf}", page.as_uri(),
    )  # fmt: skip
    return pdf


def _run(*command: str) -> None:
    subprocess.run(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        timeout=SECONDS, check=True,
    )  # fmt: skip
