"""The digests of the traces of fixed seeds; `python -m sim digests` prints them."""

DIGESTS = {
    "mixed": "badeac6e58ef94a4",
    "P1": "7338162efb08ce51",
    "P2": "61ab8e6cfd970223",
    "P3": "f79e0806ea7b7ba0",
    "P4": "78e674fd56d470ab",
    "P5": "9b80f6839315e073",
    "P6": "40d45ff138286c8b",
    "P7": "71f5cdbb5f180b3f",
    "P8": "ed0b0b20d44070ec",
    "P9": "c4d2d44db976b14d",
    "P10": "7e27324c96197dfe",
    "P11": "97c2455ec758863d",
    "P12": "de29688a1c8343fc",
    "P13": "53e3d767cf55e3b4",
    "P14": "e0ceae428b5e4361",
    "P15": "d1a93c0a327b21e9",
    "P16": "1c17d4d1d25233b4",
    "P17": "625c74fce02c44cb",
    "P18": "4441f8811a0201b4",
}
