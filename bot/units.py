"""What a unit is worth in the one that it is compared in."""

# Words and letters that multiply the number before them.
SCALES = {"hundred": 1e2, "thousand": 1e3, "million": 1e6, "billion": 1e9, "trillion": 1e12}
SCALES |= {"k": 1e3, "m": 1e6, "mn": 1e6, "bn": 1e9, "b": 1e9, "tn": 1e12}
# Words without their plural s.
CURRENCIES = {
    "$": "dollar", "us$": "dollar", "€": "euro", "£": "pound", "¥": "yen", "₹": "rupee",
    "dollar": "dollar", "usd": "dollar", "euro": "euro", "eur": "euro", "pound": "pound",
    "yen": "yen", "yuan": "yuan", "rmb": "yuan", "florin": "florin", "franc": "franc",
    "rupee": "rupee", "rouble": "rouble", "ruble": "rouble", "krona": "krona", "kronor": "krona",
    "krone": "krone", "kroner": "krone", "peso": "peso",
    "dirham": "dirham", "lira": "lira", "zloty": "zloty", "cent": "cent",
}  # fmt: skip
# Lengths of time in days.
DAYS = {"second": 1 / 86400, "minute": 1 / 1440, "hour": 1 / 24, "day": 1, "week": 7}
DAYS |= {"month": 30.4, "year": 365.25, "decade": 3652.5, "century": 36525, "centurie": 36525}
# The unit compared in, and how many of it one is.
MEASURES: dict[str, tuple[str, float]] = {
    "km": ("m", 1000), "kilometre": ("m", 1000), "kilometer": ("m", 1000), "mile": ("m", 1609.34),
    "metre": ("m", 1), "meter": ("m", 1), "foot": ("m", 0.3048), "feet": ("m", 0.3048),
    "ft": ("m", 0.3048), "inch": ("m", 0.0254), "inche": ("m", 0.0254), "cm": ("m", 0.01),
    "centimetre": ("m", 0.01), "centimeter": ("m", 0.01), "mm": ("m", 0.001),
    "yard": ("m", 0.9144), "kg": ("kg", 1), "kilogram": ("kg", 1), "kilo": ("kg", 1),
    "tonne": ("kg", 1000), "ton": ("kg", 1000), "lb": ("kg", 0.4536), "gram": ("kg", 0.001),
    "kwh": ("kWh", 1), "mwh": ("kWh", 1e3), "gwh": ("kWh", 1e6), "kilowatt-hour": ("kWh", 1),
    "kw": ("kW", 1), "mw": ("kW", 1e3), "gw": ("kW", 1e6), "megawatt": ("kW", 1e3),
    "gigawatt": ("kW", 1e6), "kilowatt": ("kW", 1), "horsepower": ("hp", 1), "hp": ("hp", 1),
    "litre": ("l", 1), "liter": ("l", 1), "gallon": ("l", 3.785), "km/h": ("km/h", 1),
    "kph": ("km/h", 1), "mph": ("km/h", 1.609), "hectare": ("ha", 1), "acre": ("ha", 0.4047),
    "degree": ("degree", 1), "gb": ("GB", 1), "tb": ("GB", 1000), "barrel": ("barrel", 1),
    "knot": ("knot", 1), "volt": ("volt", 1),
}  # fmt: skip
_TABLES = (CURRENCIES, DAYS, MEASURES)


def is_unit(word: str) -> bool:
    """Tell whether a word, in the singular or with an s, is a currency, a time or a measure."""
    low = word.lower()
    return any(stem in table for stem in (low, low.removesuffix("s")) for table in _TABLES)
