"""Names as they are really written, found by words as people really type them: another spelling, form, order."""

from __future__ import annotations

import pytest

from tests.directory.test_search import titles
from tests.directory.world import World, organization

SPELLINGS = [
    # Thai: two E for AE, AM taken apart, a tone before or behind, digits.
    ("ศูนย์ช่วยเหลือทางกฎหมาย", "ช่วยเหลือ"),
    ("แม่สอดคลินิก", "เเม่สอด"),
    ("มูลนิธิน้ำใจ", "น้ํา"),
    ("มูลนิธิน้ำใจ", "นํ้า"),
    ("โครงการ ๒๕๖๐", "2560"),
    # Lao, Khmer.
    ("ສະມາຄົມນ້ຳໃຈ", "ນ້ໍາໃຈ"),
    ("ສູນຊ່ວຍເຫຼືອ", "ຊ່ວຍເຫລືອ"),
    ("មណ្ឌលកណ្តាល", "កណ្ដាល"),
    ("អង្គការជួយជនភៀសខ្លួន", "ជនភៀសខ្លួន"),
    ("សមាគម​ស្ត្រី", "សមាគមស្ត្រី"),
    # Burmese: Unicode, Zawgyi, marks in another order, a zero for WA.
    ("ဒုက္ခသည်ကူညီရေးအဖွဲ့", "ကူညီရေး"),
    ("ဒုက္ခသည်ကူညီရေးအဖွဲ့", "ဒုကၡသည္"),
    ("ဒုက္ခသည်ကူညီရေးအဖွဲ့", "အဖြဲ႕"),
    ("ဒုကၡသည္ကူညီေရးအဖြဲ႕", "ဒုက္ခသည်"),
    ("ရန်ကုန်မြို့", "ရန္ကုန္ၿမိဳ႕"),
    ("မြန်မာ့အမျိုးသမီးများ", "အမ်ိဳးသမီးမ်ား"),
    ("စင်္ကာပူအဖွဲ့", "စကၤာပူ"),
    ("လူ့အခွင့်အရေး", "လူ႔အခြင့္အေရး"),
    ("လူ့အခွင့်အရေး", "လူ့အခွင့်အရေး"),
    ("ဝန်ထမ်းများ", "၀န်ထမ်း"),
    # Arabic: hamza, alif maqsura, ta marbuta, marks, tatweel, the article, prepositions written on.
    ("مؤسسة حقوق الإنسان", "موسسه حقوق الانسان"),
    ("مُنَظَّمَة العَوْن", "منظمة العون"),
    ("مـــركز المساعدة القانونية", "مركز"),
    ("مركز المساعدة القانونية", "مساعدة قانونية"),
    ("مساعدة قانونية مجانية", "المساعدة القانونية"),
    ("جمعية الدعم للاجئين", "اللاجئين"),
    ("جمعية اللاجئين", "للاجئين"),
    ("جمعية العائلة والأطفال", "أطفال"),
    ("مستشفى الأمل", "مستشفي الامل"),
    ("ﺟﻤﻌﻴﺔ ﺍﻷﻣﻞ", "جمعية الأمل"),
    ("مركز ١٩٥١", "1951"),
    # Persian and Urdu: letters, the non-joiner, digits.
    ("سازمان یاری کودکان", "سازمان ياري كودكان"),
    ("انجمن دانش‌آموزان", "دانشآموزان"),
    ("انجمن دانش آموزان", "دانش‌آموزان"),
    ("مرکز ۱۴۰۰", "1400"),
    ("پناہ گزینوں کی مدد", "پناه گزینون"),
    ("تنظیمِ خواتین", "تنظیم خواتین"),
    # Chinese, Japanese, Korean.
    ("香港難民權利協會", "难民权利"),
    ("香港难民权利协会", "難民權利"),
    ("臺灣人權促進會", "台湾人权"),
    ("難民支援協会", "支援協會"),
    ("難民サポートセンター", "さぽーと"),
    ("難民サポートセンター", "ｻﾎﾟｰﾄ"),
    ("コミュニティセンター", "コミュニティーセンター"),
    ("なんみんフォーラム", "ナンミン"),
    ("난민인권센터", "난민 인권"),
    ("난민 인권 센터", "난민인권"),
    # Cyrillic.
    ("Ещё один шанс", "еще"),
    ("Фонд помощи беженцам", "ПОМОЩИ"),
    ("Допомога Київ", "київ"),
    ("Право на захист України", "украини"),
    ("Європейська мережа", "европейська"),
    ("Сім’я і дім", "сім'я"),
    ("Сім’я і дім", "сімʼя"),
    # Latin letters with marks: Vietnamese, Turkish both ways, full width, German, Polish.
    ("Trung tâm Trợ giúp Pháp lý Đà Nẵng", "tro giup phap ly da nang"),
    ("Trung tam Tro giup", "Trợ giúp"),
    ("Işık Derneği İstanbul", "isik istanbul"),
    ("ISIK DERNEGI ISTANBUL", "ışık İstanbul"),
    ("IŞIK", "ışık"),
    ("Mülteci Işığı", "IŞIĞI"),
    ("ＵＮＨＣＲ東京", "unhcr"),
    ("Straße der Hoffnung", "strasse"),
    ("Łódź dla uchodźców", "lodz uchodzcow"),
    # Greek, Hebrew, Ethiopic, Indic.
    ("Ελληνικό Συμβούλιο για τους Πρόσφυγες", "ΠΡΟΣΦΥΓΕΣ"),
    ("Δίκτυο αλληλεγγύης", "δικτυο"),
    ("המרכז לפליטים", "פליטים"),
    ("אגודה לזכויות", "זכויות"),
    ("סוכנות או״ם", "או\"ם"),
    ("שָׁלוֹם", "שלום"),
    ("የስደተኞች ድጋፍ", "ድጋፍ"),
    ("ዓለም አቀፍ ድርጅት", "አለም"),
    ("ፀሐይ ማኅበር", "ጸሀይ ማህበር"),
    ("ናይ ስደተኛታት ማሕበር", "ማህበር"),
    ("हिन्दी केंद्र", "हिंदी केन्द्र"),
    ("शरणार्थी संघ", "सङ्घ"),
    ("ज़िंदगी फ़ाउंडेशन", "जिंदगी फाउंडेशन"),
    ("নেপালি চাঁদ", "চাংদ"),
    ("தமிழ் அகதிகள் மையம்", "அகதிகள்"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "asked"), SPELLINGS)
def test_a_name_is_found_however_it_is_typed(world: World, name: str, asked: str) -> None:
    world.lists(world.network("A"), organization({"und": name}), organization("Something else"))
    assert titles(world, asked) == [name]


DESCRIPTION = {
    "th": "เราให้คำปรึกษาทางกฎหมายแก่ผู้ลี้ภัยและแรงงานข้ามชาติในแม่สอด",
    "my": "ထိုင်း-မြန်မာနယ်စပ်ရှိ ဒုက္ခသည်များအတွက် ပညာရေးနှင့် ကျန်းမာရေး",
    "ar": "نقدم المشورة القانونية والدعم النفسي للاجئين والنازحين في المخيمات",
    "zh": "為尋求庇護者提供法律援助及心理支持",
    "ru": "Мы помогаем беженцам и внутренне перемещённым лицам",
}


@pytest.mark.parametrize(
    "asked", ["แม่สอด", "คำปรึกษา", "ကျန်းမာရေး", "နယ္စပ္", "المخيمات", "النازحين", "心理支持", "庇护", "перемещенным"]
)
def test_a_description_is_found_too(world: World, asked: str) -> None:
    world.lists(world.network("A"), organization("Harbour House", description=DESCRIPTION), organization("Other"))
    assert titles(world, asked) == ["Harbour House"]


@pytest.mark.parametrize(
    ("name", "asked", "found"),
    [
        ("Помощь беженцам", "pomoshch", "Помощь беженцам"),
        ("Допомога", "dopomoga", "Допомога"),
        ("Αλληλεγγύη", "allileggyi", "Αλληλεγγύη"),
        ("მშვიდობა", "mshvidoba", "მშვიდობა"),
        ("ድጋፍ", "digaf", "ድጋፍ"),
        ("أسايل", "Asayel", "أسايل"),
        ("منظمة العون", "munazzama", "منظمة العون"),
        ("هلال احمر", "hilal", "هلال احمر"),
        ("Помощь беженцам", "pomosch", "Помощь беженцам"),
    ],
)
def test_a_name_in_another_script_is_found_by_its_sound(world: World, name: str, asked: str, found: str | None) -> None:
    world.lists(world.network("A"), organization({"und": name}), organization("Something else"))
    assert titles(world, asked) == [found]


def test_a_name_that_has_latin_letters_is_not_transliterated(world: World) -> None:
    world.lists(world.network("A"), organization({"ru": "Помощь", "en": "Relief House"}))
    assert titles(world, "pomoshch") == []


@pytest.mark.parametrize(
    ("fields", "asked"),
    [
        ({"name": "Jesuit Refugee Service"}, "JRS"),
        ({"name": "Jesuit Refugee Service"}, "J.R.S."),
        ({"name": {"fr": "Conseil canadien pour les réfugiés"}}, "CCR"),
        ({"name": {"fr": "Conseil canadien pour les réfugiés"}}, "CCPLR"),
        ({"name": {"es": "Comisión Española de Ayuda al Refugiado"}}, "CEAR"),
        ({"name": {"ru": "Общество Красного Креста"}}, "ОКК"),
        ({"name": "The Agency", "acronym": "U.N.H.C.R."}, "UNHCR"),
        ({"name": "The Agency", "acronym": "UNHCR"}, "u.n.h.c.r."),
        ({"name": "The Agency", "acronym": "UNHCR"}, "U.N.H.C.R"),
    ],
)
def test_short_forms_are_found(world: World, fields: dict[str, str], asked: str) -> None:
    [handle] = world.lists(world.network("A"), organization(**fields))
    assert len(titles(world, asked)) == 1, handle
