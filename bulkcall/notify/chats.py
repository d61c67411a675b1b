"""The forms in which webhooks take a message, each as its chat documents it. Pure code.

What a file or a server says stands in these messages too, so every form takes the meaning from its
own marks: nobody is mentioned and nothing becomes a link because a cell says so.

The library apprise (2.3) was weighed for this and is not used. It looks for mentions in the text to
make them real ones: `<!channel>` for Slack, `@everyone` for Discord, whoever wrote them. It takes
one text where these forms take counts and facts; it follows redirects, logs addresses, and trusts
other certificates than the API's client (REQUESTS_CA_BUNDLE). With what it needs it installs 21 MB
and is imported in 0.1 s, beside the 0.3 MB and no further package of httpx, which is there.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from bulkcall.notify.message import Tone

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from bulkcall.notify.message import Message
    from bulkcall.run_summary import RunSummary

_MARKS = {Tone.GOOD: "✅", Tone.MIXED: "⚠️", Tone.BAD: "❌"}
_COLOURS = {Tone.GOOD: 0x2E7D32, Tone.MIXED: 0xB26A00, Tone.BAD: 0xC62828}
_MARKDOWN = re.compile(r"([\\`*_{}\[\]<>()#+!|~-])")


def plain_json(message: Message, ending: RunSummary) -> dict[str, Any]:
    """Return the project's own form: figures as numbers, times as ISO 8601 UTC."""
    return {
        "event": "bulkcall.run",
        "title": message.title,
        "verdict": message.verdict,
        "failed": ending.failed,
        "exit_status": int(ending.exit_status),
        "profile": ending.profile,
        "run_id": ending.run_id,
        "file": ending.file,
        "channel": ending.channel,
        "outcomes": {word.value: rows for word, rows in ending.outcomes.items()},
        "rows": ending.rows,
        "conserved": ending.conserved,
        "requests": ending.requests,
        "retries": ending.retries,
        "began_at": _iso(ending.begun),
        "ended_at": _iso(ending.ended),
        "reasons": list(message.reasons),
        "report": dict(message.facts).get("Report", ""),
        "resume": message.resume,
    }


def slack(message: Message, _: RunSummary) -> dict[str, Any]:
    """Return blocks for a Slack incoming webhook, with `text` for the notification."""
    lines = [f"*{_slack(name)}:* {_slack(value)}" for name, value in message.facts]
    lines += [f"• {_slack(reason)}" for reason in message.reasons]
    if message.resume:
        lines.append(f"*Resume:* `{_slack(message.resume)}`")
    blocks: list[dict[str, Any]] = [
        {
            "type": "header",
            "text": {"type": "plain_text", "text": f"{_MARKS[message.tone]} {message.title}"[:150]},
        },
        _section(_slack(message.verdict)),
    ]
    if message.counts:
        blocks.append(_section(_slack(_counts(message))))
    blocks.append(_section("\n".join(lines)))
    return {"text": _slack(f"{message.title}: {message.verdict}"), "blocks": blocks}


def mattermost(message: Message, _: RunSummary) -> dict[str, Any]:
    """Return Markdown for a Mattermost incoming webhook."""
    return {"text": _markdown_text(message, _mattermost), "username": "bulkcall"}


def discord(message: Message, _: RunSummary) -> dict[str, Any]:
    """Return an embed for a Discord webhook; `allowed_mentions` lets it mention nobody."""
    return {
        "username": "bulkcall",
        "allowed_mentions": {"parse": []},
        "embeds": [
            {
                "title": message.title[:250],
                "description": _markdown_text(message, _markdown, title=False)[:4000],
                "color": _COLOURS[message.tone],
            }
        ],
    }


def googlechat(message: Message, _: RunSummary) -> dict[str, Any]:
    """Return text for a Google Chat webhook."""
    lines = [f"*{_google(message.title)}*", _google(message.verdict)]
    if message.counts:
        lines.append(_google(_counts(message)))
    lines += [f"{name}: {_google(value)}" for name, value in message.facts]
    lines += [f"• {_google(reason)}" for reason in message.reasons]
    if message.resume:
        lines.append(f"Resume: `{_google(message.resume)}`")
    return {"text": f"{_MARKS[message.tone]} " + "\n".join(lines)}


def teams(message: Message, _: RunSummary) -> dict[str, Any]:
    """Return an Adaptive Card for the webhook trigger of a Microsoft Teams workflow."""
    colour = {Tone.GOOD: "Good", Tone.MIXED: "Warning", Tone.BAD: "Attention"}[message.tone]
    body: list[dict[str, Any]] = [
        _block(_markdown(message.title), weight="Bolder", size="Medium", color=colour),
        _block(_markdown(message.verdict)),
        {
            "type": "FactSet",
            "facts": [
                {"title": name, "value": _markdown(value)}
                for name, value in (*message.counts, *message.facts)
            ],
        },
    ]
    body += [_block(_markdown(reason), isSubtle=True) for reason in message.reasons]
    if message.resume:
        body.append(_block(_markdown(message.resume), fontType="Monospace"))
    card = {
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "type": "AdaptiveCard",
        "version": "1.4",
        "body": body,
    }
    kind = "application/vnd.microsoft.card.adaptive"
    attachment = {"contentType": kind, "contentUrl": None, "content": card}
    return {"type": "message", "attachments": [attachment]}


FORMS: Mapping[str, Callable[[Message, RunSummary], dict[str, Any]]] = {
    "json": plain_json,
    "slack": slack,
    "teams": teams,
    "googlechat": googlechat,
    "discord": discord,
    "mattermost": mattermost,
}
"""`notify_format` → what makes its body."""


def _counts(message: Message) -> str:
    return ", ".join(f"{rows} {word}" for word, rows in message.counts)


def _section(text: str) -> dict[str, Any]:
    return {"type": "section", "text": {"type": "mrkdwn", "text": text[:3000] or "-"}}


def _block(text: str, **more: object) -> dict[str, Any]:
    return {"type": "TextBlock", "text": text, "wrap": True, **more}


def _markdown_text(message: Message, plain: Callable[[str], str], *, title: bool = True) -> str:
    lines = [f"**{_MARKS[message.tone]} {plain(message.title)}**"] if title else []
    lines.append(plain(message.verdict))
    if message.counts:
        lines.append(plain(_counts(message)))
    lines += [f"**{name}:** {plain(value)}" for name, value in message.facts]
    lines += [f"- {plain(reason)}" for reason in message.reasons]
    if message.resume:
        lines.append(f"**Resume:** {plain(message.resume)}")
    return "\n".join(lines)


def _slack(text: str) -> str:
    # Slack's own three characters; with them goes every mention and link.
    escaped = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return re.sub(r"[`*~]", " ", escaped)


def _markdown(text: str) -> str:
    return _MARKDOWN.sub(r"\\\1", text)


def _mattermost(text: str) -> str:
    # A mention is no Markdown, so no backslash stops it; a joint of no width does.
    return _markdown(text).replace("@", "@\u200b")


def _google(text: str) -> str:
    # <users/all> and <link|text> have no escape there.
    return re.sub(r"[`*~]", " ", text).replace("<", "(").replace(">", ")")


def _iso(nanoseconds: int) -> str:
    at = datetime.fromtimestamp(nanoseconds / 1e9, UTC).isoformat(timespec="milliseconds")
    return at.replace("+00:00", "Z")
