"""Names of regions: the code stays what is recorded and asked for, the name is told beside it.

Codes are those of GB/T 2260, six digits: province, prefecture, county. Named are the prefectures of Sichuan, and
Chongqing; a county is called by its prefecture.
"""

from typing import Final

from django.utils.translation import get_language

#: First digits of the code → name in Chinese and in English.
_NAMES: Final = {
    "50": ("重庆市", "Chongqing"),
    "51": ("四川省", "Sichuan"),
    "5101": ("成都市", "Chengdu"),
    "5103": ("自贡市", "Zigong"),
    "5104": ("攀枝花市", "Panzhihua"),
    "5105": ("泸州市", "Luzhou"),
    "5106": ("德阳市", "Deyang"),
    "5107": ("绵阳市", "Mianyang"),
    "5108": ("广元市", "Guangyuan"),
    "5109": ("遂宁市", "Suining"),
    "5110": ("内江市", "Neijiang"),
    "5111": ("乐山市", "Leshan"),
    "5113": ("南充市", "Nanchong"),
    "5114": ("眉山市", "Meishan"),
    "5115": ("宜宾市", "Yibin"),
    "5116": ("广安市", "Guang'an"),
    "5117": ("达州市", "Dazhou"),
    "5118": ("雅安市", "Ya'an"),
    "5119": ("巴中市", "Bazhong"),
    "5120": ("资阳市", "Ziyang"),
    "5132": ("阿坝藏族羌族自治州", "Aba"),
    "5133": ("甘孜藏族自治州", "Garzê"),
    "5134": ("凉山彝族自治州", "Liangshan"),
}


def region_named(code: str) -> str:
    """A region by its code and, where we know it, its name in the reader's language."""
    name = _NAMES.get(code[:4]) or _NAMES.get(code[:2])
    return f"{code} {name[(get_language() or '').startswith('en')]}" if name else code
