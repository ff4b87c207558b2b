"""The digests of the traces of fixed seeds; `python -m sim digests` prints them."""

DIGESTS = {
    "mixed": "152ccba803bea652",
    "P1": "a7ab107382a6d89f",
    "P2": "e066822596ece533",
    "P3": "51ac61b9e9e2b211",
    "P4": "618b6da88da6d797",
    "P5": "50e863ccfc131b7f",
    "P6": "f55978404ee8bc18",
    "P7": "71f5cdbb5f180b3f",
    "P8": "a736bda288d87148",
    "P9": "5535fc628cc5ef06",
    "P10": "7e27324c96197dfe",
    "P11": "7039e0c534846a03",
    "P12": "2684719756bfce01",
    "P13": "d6341c6feb651c97",
    "P14": "41ffcba2ab96a320",
    "P15": "faae8b69e8ae3b3b",
    "P16": "1c17d4d1d25233b4",
    "P17": "046bfab241b4a79e",
    "P18": "0a6e07c7a2ce4e42",
}
