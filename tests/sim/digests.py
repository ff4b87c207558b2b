"""The digests of the traces of fixed seeds; `python -m sim digests` prints them."""

DIGESTS = {
    "mixed": "badeac6e58ef94a4",
    "P1": "7338162efb08ce51",
    "P2": "61ab8e6cfd970223",
    "P3": "f79e0806ea7b7ba0",
    "P4": "78e674fd56d470ab",
    "P5": "9b80f6839315e073",
    "P6": "40d45ff138286c8b",
    "P7": "a88dab4fff333aec",
    "P8": "ed0b0b20d44070ec",
    "P9": "c4d2d44db976b14d",
    "P10": "7e27324c96197dfe",
    "P11": "97c2455ec758863d",
    "P12": "de29688a1c8343fc",
    "P13": "53e3d767cf55e3b4",
    "P14": "e3bf553f92b03b1d",
    "P15": "cf5f005b8363af6d",
    "P16": "1c17d4d1d25233b4",
    "P17": "bd11ec4c2dc5cdb8",
    "P18": "7f90b3391d04810c",
}
