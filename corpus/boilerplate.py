"""What the lines around an article look like: patterns only, `corpus.clean` applies them.

Each pattern matches a whole line. Those of `ANYWHERE` are phrases of a web page's furniture that
no prose has as a line of its own; those of `MARGIN` could be prose, and count only at the head or
the tail of an article.
"""

import re

_NAME_WORD = r"(?:[A-Z][\w'\u2019.-]*|de|da|del|della|der|den|di|du|la|le|van|von|bin|al|el)"
NAME = rf"[A-Z][\w'\u2019.-]*(?: {_NAME_WORD}){{0,3}} [A-Z][\w'\u2019-]+"


# "By Ida Ek, Harbour Correspondent" names one person.
_NO_ROLE = (
    r"(?!(?:[\w'-]+ ){0,3}(?:Correspondent|Reporter|Editor|Writer|Columnist|Journalist|Contributor"
    r"|Producer|Analyst|Bureau|News|Press|Times|Post)\b)"
)


def _any(*patterns: str) -> re.Pattern[str]:
    return re.compile("|".join(f"(?:{pattern})" for pattern in patterns), re.IGNORECASE)


_NETWORK = (
    r"(?:facebook|twitter|x|linkedin|whatsapp|reddit|pinterest|telegram|e-?mail|tumblr|pocket|"
    r"threads|bluesky|mastodon|instagram|weibo|wechat|line|print)"
)

ANYWHERE = _any(
    r"your email address will not be published\.?(?: required fields are marked \*?)?\s*\*?",
    r"required fields are marked \*",
    r"save my name,? e-?mail,?(?: address,?)? and website in this browser.{0,60}",
    r"(?:click to )?(?:share|pin|tweet|e-?mail)(?: this)?(?: (?:article|story|post|page))?"
    rf"(?: a link)?(?: (?:on|via|by|to|with)) {_NETWORK}(?: \(opens in new window\))?:?",
    r"(?:click to )?(?:print|email a link to a friend) \(opens in new window\)",
    r"[-\u2013\u2014=*\[( ]*advertisement[-\u2013\u2014=*\]) ]*",
    r"advertisement\.? (?:scroll to continue(?: reading)?|continue reading below)\.?",
    r"(?:article|story) continues (?:below|after) (?:this |the )?(?:advertisement|ad)\.?",
)

MARGIN = _any(
    r"share(?: this)?(?: (?:article|story|post|page))?:?",
    rf"{_NETWORK}(?:[ ,|/•·]+{_NETWORK}){{2,}}",
    r"like this:?",
    r"(?:like )?loading\.\.\.",
    r"tweet(?: this)?",
    r"\d+ min(?:ute)?s? read",
    rf"(?:follow|like|find|join) us (?:on )?{_NETWORK}(?:(?:,| and| or)+ {_NETWORK})*[.!]?",
    r"(?:this|our) (?:web)?site uses cookies\b.{0,200}\b(?:experience|consent|agree|accept|policy"
    r"|browser|opt[- ]out)\b.{0,120}",
    r"we use cookies\b.{0,200}\b(?:your experience|consent|agree|accept|cookie policy"
    r"|privacy policy|your browser|opt[- ]out)\b.{0,120}",
    r"(?:accept|reject|allow) (?:all )?cookies?|(?:manage|cookie) (?:settings|preferences)",
    r"(?:[^.!?]{3,80}\? )?(?:(?:click here to|please) )?(?:subscribe|sign up)"
    r" (?:to|for) (?:our|the|my)(?: \S+){0,5}"
    r" (?:newsletter|mailing list|updates)\b.{0,60}",
    r"get (?:our|the)(?: \S+){0,4} newsletter(?: \S+){0,6}[.!]?",
    r"(?:filed under|posted in|tagged(?: with)?|tags?|categor(?:y|ies)): ?\S(?:[^.!?]){0,180}",
    r"(?:read more|read also|see also|also read|related):\s*\S[^.]{3,150}",
    r"\S{1,40} @ (?:or|and) @\w{2,30}\.?",
    r"(?:skip to (?:main )?content|back to top|previous (?:post|article)|next (?:post|article))",
)

COMMENT_HEAD = _any(
    r"(?:leave|post|write|add) (?:a|your) (?:reply|comment|response)(?: cancel reply)?",
    r"(?:no|\d+) comments?(?: yet)?",
)
# What stands below such a head; alone these lines mean nothing.
COMMENT_FORM = _any(
    r"(?:comment|(?:your )?name|(?:your )?e-?mail(?: address)?|website)(?: ?\*|:)?",
    r"(?:post|submit|send)(?: comment| reply)?",
    r"cancel reply",
    r"this site uses akismet to reduce spam\..{0,80}",
    r"notify me of (?:new posts|(?:new|follow-?up) comments) (?:by|via) e-?mail\.?",
    r"you must be logged in to (?:post|leave) a comment\.?",
)
RELATED_HEAD = _any(
    r"(?:related|recommended) (?:posts?|articles?|stories|reading|news)s?:?",
    r"(?:you may also like|more from this author|more on this (?:story|topic)|read next)[:.]?",
)

ARTICLE_COUNT = _any(
    r"(?:articles|posts|stories): ?\d{1,6}", r"(?:view|see) all (?:posts|articles)"
)
ABOUT_AUTHOR = _any(r"about (?:the )?author:?")
CONTACT_STUB = re.compile(r"\b\w+ @ (?:or|and) @\w{2,30}\b")

BYLINE = re.compile(
    r"(?i:by|written by|posted by|reported by|author|story by|words by)(?::? )"
    rf"(?P<name>{NAME}(?:(?:, | and | & |, and ){_NO_ROLE}{NAME}){{0,3}})"
    r"(?:(?:,| ?[|•·\u2013\u2014-]) ?[^.!?]{2,80})?"
)
NAME_LINE = re.compile(NAME)
# Words of headings that only look like a byline: "By Popular Demand", "By Land and Sea".
NOT_NAMES = frozenset(
    {
        *(
            "The",
            "A",
            "An",
            "And",
            "Popular",
            "Demand",
            "Land",
            "Sea",
            "Air",
            "Design",
            "Law",
            "Number",
        ),
        *("Numbers", "Nature", "Any", "All", "Your", "Our", "This", "That", "Their", "His", "Her"),
        *(
            "Its",
            "My",
            "Default",
            "Order",
            "Chance",
            "Example",
            "Hand",
            "Heart",
            "Day",
            "Night",
            "New",
        ),
        *("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"),
        *("January", "February", "March", "April", "May", "June", "July", "August", "September"),
        *("October", "November", "December"),
    }
)
