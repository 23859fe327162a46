"""Asking in Discord, from the question to the one answer."""

from tests.discord_fakes import Scene, buttons_of, played, text_of


@played
async def test_a_command_is_answered_with_its_quotes_and_sources(scene: Scene) -> None:
    result = await scene.ada.slash(scene.channel, "ask", question="Tea moon?")
    assert result.deferred
    assert result.response
    text = text_of(result.response)
    print(text, buttons_of(result.response))
    assert 0


@played
async def test_a_mention_is_answered(scene: Scene) -> None:
    await scene.ada.send(scene.channel, f"{scene.mention} Tea moon?")
    print(text_of(scene.channel.last_message), len(scene.channel.history()))
    assert 0
