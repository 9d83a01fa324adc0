"""The products of the pretend shop: prints made by Printful, and downloads."""

from dataclasses import dataclass

SHIPPING = 500  # minor units, the shop's one flat rate
EXPONENTS = {"jpy": 0, "kwd": 3}  # of the currencies used here and in tests, those that have no cents


@dataclass(frozen=True)
class Product:
    """A print; `price` and `cost` are minor units of the currency in which it is sold."""

    name: str
    blank: str
    product_id: int
    variant_id: int
    price: int
    cost: int


@dataclass(frozen=True)
class Download:
    """A file to download."""

    name: str
    price: int


@dataclass(frozen=True)
class Pick:
    """One article in a basket, with its quantity."""

    article: Product | Download
    quantity: int = 1


POSTER, FRAMED, SHIRT, MUG, TOTE, CANVAS = (
    "Enhanced Matte Paper Poster (in)", "Enhanced Matte Paper Framed Poster (in)",
    "Bella + Canvas 3001 Unisex T-Shirt", "White Glossy Mug", "Eco Tote Bag", "Canvas (in)",
)  # fmt: skip

PRODUCTS = (
    Product("Tidal Chart No. 4 - 18×24", POSTER, 1, 1, 4300, 1295),
    Product("Night Heron - 12×16", POSTER, 1, 3876, 2900, 1050),
    Product("Alpine Survey - 24×36", POSTER, 1, 2, 5200, 1895),
    Product("Night Heron, framed - 12×16", FRAMED, 2, 1350, 7900, 3325),
    Product("Field Notes tee - S", SHIRT, 71, 4011, 2600, 1295),
    Product("Field Notes tee - M", SHIRT, 71, 4012, 2600, 1295),
    Product("Field Notes tee - L", SHIRT, 71, 4013, 2600, 1295),
    Product("Lighthouse mug - 11 oz", MUG, 19, 1320, 1600, 595),
    Product("Lighthouse mug - 15 oz", MUG, 19, 4830, 1900, 795),
    Product("Moth tote", TOTE, 367, 10457, 2400, 1425),
    Product("Tidal Chart No. 4, canvas - 16×20", CANVAS, 3, 6, 6800, 2950),
    Product("Alpine Survey, canvas - 24×36", CANVAS, 3, 825, 9900, 5450),
)
DOWNLOADS = (
    Download("Brush set: Estuary", 1200),
    Download("Wallpaper pack: Winter", 500),
    Download("Sketchbook scans, volume 2", 1900),
    Download("Pattern file: Moth tote", 800),
)
