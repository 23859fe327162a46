"""The English words that hold a question together, and those that say nothing by themselves."""


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


AUXILIARIES = _words(
    "am is are was were be been being do does did has have had can could will would shall should "
    "may might must isn't aren't wasn't weren't don't doesn't didn't can't couldn't won't wouldn't "
    "shouldn't hasn't haven't hadn't"
)
PREPOSITIONS = _words(
    "about above across after against along among around as at before behind below beneath beside "
    "besides between beyond by despite during except for from in inside into like near of off on "
    "onto out outside over per since than through throughout till to toward towards under until "
    "up upon via with within without"
)
DETERMINERS = _words("a an the")
_PRONOUNS = (
    "i me my mine you your yours we us our ours he him his himself she her hers herself it its "
    "itself they them their theirs themselves this that these those one ones"
)
ASKING = _words(
    "what which who whom whose how when where why what's who's how's where's when's that's"
)
_LOOSE = (
    "and or but so if because while though although whether then not no nor also too very just "
    "only even still yet else other others another same such own more most less least much many "
    "few some any all each every both either neither there here now ever never again today "
    "nowadays already however really long far often ago yes ok okay please thanks thank well "
    "tell describe explain show give list find know say said says mean means meant like want "
    "don doesn didn isn let something anything everything someone anyone everyone everybody "
    "thing things way ways lot kind kinds type types sort sorts example examples"
)
FUNCTION_WORDS = AUXILIARIES | PREPOSITIONS | DETERMINERS | ASKING | _words(f"{_PRONOUNS} {_LOOSE}")
# Words that say nothing by themselves: of what they are, the conversation must tell.
GENERIC = _words(
    "advantage advantages disadvantage disadvantages benefit benefits effect effects side symptom "
    "symptoms cause causes reason reasons result results impact impacts importance role roles "
    "purpose history origin origins difference differences similarity similarities pro pros con "
    "cons price prices cost costs size age name names meaning definition feature features "
    "alternative alternatives treatment treatments source sources finding findings option options "
    "rule rules risk risks problem problems detail details part parts number numbers amount year "
    "years time place people person idea ideas point points answer question information info "
    "article articles main key first last next best worst biggest largest smallest good bad "
    "better worse new old big small common important popular famous typical similar different "
    "specific general possible available major called made used born known happen happens "
    "happened"
)
# Plain verbs of questions, which would otherwise pass for a part of the phrase beside them.
VERBS = _words(
    "happen happens happened begin began begins start started starts become became becomes make "
    "makes made making take takes took taking get gets got getting go goes went going come comes "
    "came use uses used using work works worked cost costs need needs needed cause causes caused "
    "help helps helped occur occurred call called involve involved affect affects"
)
BREAKS = FUNCTION_WORDS | VERBS
NO_ADVERBS = _words("family supply reply assembly anomaly monopoly ally fly jelly belly")
# The forms of `be`, after which an adjective may follow.
BE = _words("am is are was were be been being isn't aren't wasn't weren't")
RELATIVE = _words("that which who whom whose when while if")
# What leads to a place or a time rather than to a topic.
ADJUNCT = _words("in at on from by since during until till before after near")
DATES = _words(
    "january february march april may june july august september october november december jan "
    "feb mar apr jun jul aug sep sept oct nov dec monday tuesday wednesday thursday friday "
    "saturday sunday"
)
# What opens a new clause: behind it a pronoun may mean what stands before it.
CLAUSE = _words(
    "when while after before if that because as since which who whose and or but until though "
    "although where so than how once say says said think thought believe claim announce"
)
PERSON_PRONOUNS = _words("he him his she her hers")
SOME_THEY = _words("they them their theirs")
THING_PRONOUNS = _words("it its") | SOME_THEY
POSSESSIVES = _words("his her hers its their theirs")
# What words are formed of others with; a guess that a misspelt word was so formed only leaves it.
BEGINNINGS = _words(
    "anti co de dis em en fore im in inter mis multi non out over post pre re semi sub super un "
    "under up"
)
ENDINGS = _words(
    "able al ally ance ant ation ations crat crats d ed en ence ened ening ens ent er ers es est "
    "ful hood ian ians ible ier ies iest ified ify ing ise ised ish ising ism ist ists ity ive ize "
    "ized izing less like ly man men ment ments n ness ns or ors ous s ship wise y"
)
