import pytest

from corpus.clean import clean

STORY = "The ferry sank at dawn.\n\nNobody was hurt, the harbour said."


def after(tail: str) -> str:
    return clean(f"{STORY}\n\n{tail}").text


@pytest.mark.parametrize(
    "tail",
    [
        "Leave a Reply",
        "Leave a Reply\n\nYour email address will not be published. Required fields are marked *",
        "Leave a Comment\nComment *\nName *\nEmail *\nWebsite\nPost Comment",
        "Leave a Reply\nSave my name, email, and website in this browser for the next comment.",
        "No Comments\n\nLeave a Reply Cancel reply",
        "Share this:\nClick to share on X (Opens in new window)\nShare on Facebook\nTweet",
        "Facebook | Twitter | LinkedIn",
        "Advertisement",
        "Filed under: Harbours, Ferries",
        "Tags: ferry, harbour",
        "Read more: The ferry that never came",
        "Related posts\nA bridge opens\nThe last lighthouse keeper",
        "This website uses cookies to improve your experience.",
        "Accept all cookies",
        "Subscribe to our weekly newsletter for more!",
        "Liked this story? Sign up for our newsletter!",
        "Follow us on Facebook and Twitter",
        "ida @ or @idaek.",
        "Ida Ek\nIda Ek\n\nIda Ek writes about ships. She lives by the sea.\n\nArticles: 358",
        "About the author\nIda Ek\nIda Ek writes about ships.",
        "Ida Ek\n\nIda Ek covers ships. Ida can be reached at ida @ or @idaek.",
        "Ida Ek\nArticles: 12\n\nLeave a Reply\nYour email address will not be published.",
    ],
)
def test_what_a_page_puts_below_an_article_goes(tail: str) -> None:
    assert after(tail) == STORY


@pytest.mark.parametrize("line", ["Advertisement", "Share on Facebook", "- ADVERTISEMENT -"])
def test_furniture_between_paragraphs_goes(line: str) -> None:
    first, last = STORY.split("\n\n")
    assert clean(f"{first}\n\n{line}\n\n{last}").text == STORY


@pytest.mark.parametrize(
    ("byline", "author"),
    [
        ("By Ida Ek", "Ida Ek"),
        ("by Ida Ek and Bo Lund", "Ida Ek and Bo Lund"),
        ("Written by Ida van der Ek", "Ida van der Ek"),
        ("By Ida M. Ek, Harbour Correspondent", "Ida M. Ek"),
        ("By Ida O'Ek | 3 March 2024", "Ida O'Ek"),
        ("Author: Ida Ek", "Ida Ek"),
    ],
)
def test_a_byline_becomes_the_author(byline: str, author: str) -> None:
    cleaned = clean(f"{byline}\n\n{STORY}")
    assert (cleaned.text, cleaned.author) == (STORY, author)


def test_a_byline_below_the_standfirst_counts() -> None:
    cleaned = clean(f"What the harbour knew, and when.\nBy Ida Ek\n\n{STORY}")
    assert cleaned.author == "Ida Ek"
    assert cleaned.text == f"What the harbour knew, and when.\n\n{STORY}"


def test_a_name_repeated_over_an_author_box_is_the_author() -> None:
    assert clean(f"{STORY}\n\nIda Ek\nIda Ek\n\nIda Ek writes.\n\nArticles: 3").author == "Ida Ek"


def test_metadata_wins_over_the_byline() -> None:
    cleaned = clean(f"By Ida Ek\n\n{STORY}", author="Bo Lund")
    assert (cleaned.text, cleaned.author) == (STORY, "Bo Lund")


def test_a_title_repeated_in_the_text_goes() -> None:
    assert clean(f"Ferry sinks\n\n{STORY}", title="Ferry sinks").text == STORY


def test_what_was_removed_can_be_read() -> None:
    assert clean(f"By Ida Ek\n\n{STORY}\n\nAdvertisement").removed == ("By Ida Ek", "Advertisement")


# Prose that looks like boilerplate. Nothing of it may go, at the head, in the middle or at the end.
PROSE = {
    "a law on cookies": "This website uses cookies, the banner says, and the court objects.",
    "what a firm said of cookies": "We use cookies sparingly, the baker said, and at Christmas.",
    "a year, not a name": "By 2025, the port expects twice as many ferries.",
    "a preposition, not a byline": "By Monday Morning the water had gone.",
    "a heading that starts with By": "By Popular Demand",
    "a clause that starts with By": "By Ida Ek's account, the bridge was already closed.",
    "a sentence with the phrase": "Nobody would leave a reply on the notice board that winter.",
    "share prices": "Share prices of the shipping line fell by a tenth.",
    "a share in a firm": "Share of freight: 45 percent, up from 40.",
    "a legal paper": "Articles of Association: 358 pages, none of them signed.",
    "a count in prose": "Articles: 358 were counted in the archive, most of them lost.",
    "an e-mail rule": "Your email address will not be published if you say so.",
    "a person's portrait": "Ida Ek is the editor of the harbour's own paper and its only reporter.",
    "a quotation": "“Read more,” the teacher told them. “Read more: it is all there.”",
    "advertisement in prose": "Advertisement paid for the first ferry, and later for the second.",
    "subscribing to a theory": "Subscribe to the theory or not, the tide comes in.",
    "comments counted": "12 comments were made at the hearing before the vote.",
    "tags on luggage": "Tags: that was all the divers found of the luggage.",
    "tweet as a noun": "Tweet after tweet praised the crew.",
    "a related matter": "Related to this is the matter of the lighthouse. It stays dark.",
    "filed in prose": "Filed under protest, the appeal took three years.",
    "following on a network": "Follow us, the pilots signalled, on channel nine.",
    "name and role": "Ida Ek, harbour master",
    "a list of books": "Books: 12, Articles: 7, Letters: 40",
    "a list item": "- Leave a Reply",
    "a symbol in prose": "She wrote ida @ or @ida on the form, which it rejected.",
    "about an author": "About the author of the letter nothing is known.",
    "posting a comment": "Post Comment buttons were red until 2014, then green.",
}


@pytest.mark.parametrize("prose", PROSE.values(), ids=PROSE.keys())
@pytest.mark.parametrize("where", ["head", "middle", "tail"])
def test_prose_that_looks_like_boilerplate_stays(prose: str, where: str) -> None:
    first, last = STORY.split("\n\n")
    order = {"head": [prose, first, last], "middle": [first, prose, last]}
    text = "\n\n".join(order.get(where, [first, last, prose]))
    cleaned = clean(text)
    assert (cleaned.text, cleaned.author, cleaned.removed) == (text, None, ())


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(
            "Ida Ek\n\nIda Ek was born by the sea. She became harbour master at thirty.\n\n"
            "Ida Ek is the editor of the harbour's paper.",
            id="a biography is the story",
        ),
        pytest.param(
            f"{STORY}\n\nThe winners\n\nBo Lund\nBo Lund is a diver.\n\nIda Ek\nIda Ek is a pilot.",
            id="portraits close a story",
        ),
        pytest.param(
            f"{STORY}\n\nAbout the author\n\nBo Lund wrote the novel in one winter.",
            id="a book review ends with the book's author",
        ),
        pytest.param(
            "How forms are made\n\nLeave a Reply\n\nThe heading above is on half of all web pages. "
            "Here is why.",
            id="a story about comment forms",
        ),
        pytest.param(
            f"{STORY}\n\nRelated posts\n\nThe other posts in the harbour wall broke, too.",
            id="a heading followed by prose",
        ),
    ],
)
def test_a_story_that_has_the_shape_of_boilerplate_stays(text: str) -> None:
    assert clean(text).text == text
