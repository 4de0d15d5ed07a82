from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel, SecretStr

import qa
from qa.errors import SettingsError
from qa.settings import DEFAULT_OPENAI_MODEL, Settings, load_settings

README = Path(__file__).parents[1] / "README.md"


@pytest.fixture(autouse=True)
def _clean(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No setting of the machine or the checkout reaches a test."""
    for name in [name for name in os.environ if name.startswith(("QA_", "OPENAI_"))]:
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)


def test_arguments_beat_environment_beats_file_beats_defaults(monkeypatch: pytest.MonkeyPatch) -> None:
    assert load_settings().answer.passages == Settings.model_fields["answer"].default.passages
    Path("qa.toml").write_text("[answer]\npassages = 7\nhistory_turns = 1\n[retrieval]\ncandidates = 9\n")
    assert load_settings().answer.passages == 7
    monkeypatch.setenv("QA_ANSWER__PASSAGES", "8")
    settings = load_settings(retrieval={"candidates": 11})
    assert settings.answer.passages == 8
    assert settings.answer.history_turns == 1, "sections are merged, not replaced"
    assert settings.retrieval.candidates == 11


def test_home_is_the_users_and_can_be_moved(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    assert load_settings().home.is_absolute()
    monkeypatch.setenv("QA_HOME", str(tmp_path))
    assert load_settings().home == tmp_path


@pytest.mark.parametrize(
    ("overrides", "words"),
    [
        ({"chat": {"modell": "x"}}, "chat.modell"),
        ({"chatt": {}}, "chatt"),
        ({"chat": {"max_tokens": "many"}}, "chat.max_tokens"),
        ({"answer": {"stated_threshold": 2}}, "answer.stated_threshold"),
        ({"index": {"collection": "-"}}, "index.collection"),
    ],
)
def test_wrong_arguments_are_named(overrides: dict[str, Any], words: str) -> None:
    with pytest.raises(SettingsError, match=re.escape(words)) as caught:
        load_settings(**overrides)
    assert "qa.toml" in caught.value.hint


def test_wrong_environment_and_file_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    Path("qa.toml").write_text("[chat]\nmodell = 'x'\n")
    with pytest.raises(SettingsError, match=r"chat\.modell"):
        load_settings()
    Path("qa.toml").write_text("[chat\n")
    with pytest.raises(SettingsError, match="cannot be read"):
        load_settings()
    Path("qa.toml").unlink()
    monkeypatch.setenv("QA_CHAT__MODELL", "x")
    with pytest.raises(SettingsError, match=r"chat\.modell"):
        load_settings()


def test_an_error_shows_no_key() -> None:
    with pytest.raises(SettingsError) as caught:
        load_settings(chat={"api_key": "sk-secret", "max_tokens": 1})
    assert "sk-secret" not in str(caught.value) + caught.value.hint


@pytest.mark.parametrize(
    ("chat", "kind"),
    [
        ({}, "local"),
        ({"model": "own.gguf"}, "local"),
        ({"base_url": "http://localhost:8000/v1"}, "endpoint"),
        ({"api_key": "k"}, "endpoint"),
        ({"model": "gpt-5"}, "endpoint"),
        ({"model": "anthropic:claude"}, "provider"),
        ({"model": "llama3:8b", "base_url": "http://localhost:11434/v1"}, "endpoint"),
    ],
)
def test_where_the_chat_model_runs(chat: dict[str, str], kind: str) -> None:
    assert load_settings(chat=chat).chat.kind == kind


def test_an_openai_key_alone_switches_the_chat_model_only(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-one")
    settings = load_settings()
    assert (settings.chat.kind, settings.chat.model) == ("endpoint", DEFAULT_OPENAI_MODEL)
    assert settings.chat.api_key.get_secret_value() == "sk-one"
    assert settings.embeddings.kind == "local"
    named = load_settings(embeddings={"model": "text-embedding-3-small"})
    assert named.embeddings.api_key.get_secret_value() == "sk-one"


def test_an_openai_key_goes_nowhere_else(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-one")
    for chat in (
        {"base_url": "http://localhost:8000/v1"},
        {"model": "own.gguf"},
        {"model": "anthropic:claude"},
    ):
        assert not load_settings(chat=chat).chat.api_key.get_secret_value()


def test_fingerprints_follow_what_matters() -> None:
    base = load_settings()
    assert load_settings(home="elsewhere").fingerprint == base.fingerprint
    assert load_settings(chat={"api_key": "k", "base_url": "http://h/v1"}).fingerprint == (
        load_settings(chat={"api_key": "other", "base_url": "http://h/v1"}).fingerprint
    )
    assert load_settings(answer={"passages": 5}).fingerprint != base.fingerprint
    assert load_settings(answer={"passages": 5}).index_fingerprint == base.index_fingerprint
    assert load_settings(chunking={"width": 500}).index_fingerprint != base.index_fingerprint
    assert load_settings(embeddings={"model": "m"}).index_fingerprint != base.index_fingerprint


def test_every_setting_that_is_named_anywhere_is_one() -> None:
    known = {name for name, _ in every_setting()} | {"QA_SECTION__NAME"}
    sources = [path.read_text("utf-8") for path in Path(qa.__file__).parent.rglob("*.py")]
    named = {name for text in sources for name in re.findall(r"QA_[A-Z]+__[A-Z_]+", text)}
    assert named and named <= known


def test_settings_are_frozen() -> None:
    with pytest.raises(ValueError, match="frozen"):
        load_settings().chat.model = "x"  # type: ignore[misc]


def every_setting() -> list[tuple[str, str]]:
    rows = [("QA_HOME", "")]
    for section, field in Settings.model_fields.items():
        if isinstance(field.default, BaseModel):
            for name, inner in type(field.default).model_fields.items():
                rows.append((f"QA_{section}__{name}".upper(), shown(inner.default)))
    return rows


def shown(default: Any) -> str:
    if isinstance(default, SecretStr):
        default = default.get_secret_value()
    return "" if default in ("", (), None) else f"{default:,}" if isinstance(default, int) else str(default)


@pytest.mark.parametrize(("name", "default"), every_setting())
def test_the_readme_lists_every_setting_with_its_default(name: str, default: str) -> None:
    if not README.exists():
        pytest.skip("the README is not beside the tests")
    row = re.search(rf"^\| `{name}` \| (.*?) \|", README.read_text("utf-8"), re.MULTILINE)
    assert row, f"{name} is not in the README's table"
    assert default in row[1]
