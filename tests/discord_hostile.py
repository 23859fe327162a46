"""Texts that want to ping, format, or pose as something, 200 and more of them."""

_WANTS = (
    "@everyone", "@here", "<@1>", "<@!23>", "<@&456>", "<#789>", "</ask:1>", "</settings show:12>",
    "<t:1700000000>", "<t:1700000000:R>", "<:smile:12>", "<a:dance:123>", ":smile:", ":+1:",
    ":100:", "1:smile:", "<id:guide>",
    "<id:customize>", "<sound:1:2>", "https://evil.example", "http://evil.example/a_b_c?d=*e*",
    "<https://evil.example>", "steam://run/1", "discord://-/channels/1", "discord.gg/abc",
    "https://discord.gg/abc", "discord.com/invite/abc", "discordapp.com/invite/abc",
    "<ada@example.com>", "<+15551234567>", "[Citewire](https://evil.example)",
    "[a](<https://evil.example>)", "[a](<https://evil.example> 'title')", "[[a]](https://evil.example)",
    "[1](http://evil.example)", "](https://evil.example)", "**bold**", "*italic*", "_italic_",
    "__under__", "~~gone~~", "||spoiler||", "`code`", "``two``", "```fence```", "```py\nfence",
    "# Heading", "### Small", "-# subtext", "> quote", ">>> all of it", "- a list", "1. one",
    "* star",
    "\\", "\\\\", "\\*", "***", "****",
    "*" * 80, "`" * 7, "|" * 9, "~" * 5, "_" * 6,
    "\u200b", "\u202e",
    "a" * 2000, "\U0001f600" * 900, "\\" * 1500, "e" + "\u0301" * 400, "\u0000\u0007\u001b[31mred",
)  # fmt: skip


def _split(text: str) -> str:
    """With what can't be seen between all its characters."""
    return "\u200b".join(text)


HOSTILE = tuple(
    text[:2000]
    for want in _WANTS
    for text in (
        want,
        f"Read this: {want} {want}",
        f"\u2067first line\n{want}\n\n{want}\u2069",
        _split(want),
    )
)
