"""What people type, and what they mean by it: phrases in the languages of members, and the term, place or language.

Written down before the vocabularies were looked at, as somebody would type them: plurals, cases, articles, professions.
"""

from __future__ import annotations

import pytest

from fednet.directory.words import clauses

PHRASES = """
en service legal-aid: legal aid; Legal Assistance; lawyer; lawyers; pro bono; attorneys; legal clinic
en service housing: housing; accommodation; apartments
en service psychosocial: mental health; counselling; therapists; psychologist
en service family-reunification: family reunification; family reunion; family tracing
en service interpretation: interpreters; translation; translator
en service education-language: language classes; schools; education; teachers
en service cash-assistance: cash assistance; vouchers
en client_group refugees: refugee; refugees
en client_group unaccompanied-minors: UASC; unaccompanied minors; unaccompanied child; separated children
en client_group asylum-seekers: asylum seekers; asylum-seeker; asylum claimants
en client_group stateless: stateless persons; statelessness
en client_group lgbtiq: LGBT; LGBTQ+; queer
en organization_type ngo: NGO; NGOs
en organization_type faith-group: church; churches; faith-based organisations
en organization_type research-institute: university; universities
en event_type webinar: webinar; webinars; online seminar
en event_type conference: conference; conferences
en kind event: events
en kind organization: organizations; organisation
en region 035: Southeast Asia; South-East Asia; south eastern asia
en region 145: Middle East; Western Asia
en region 202: Sub-Saharan Africa
en country MM: Burma; Myanmar
en country CD: DR Congo; Democratic Republic of the Congo
en language my: Burmese
en language fa: Farsi; Persian
en language ti: Tigrinya
fr service legal-aid: aide juridique; aide légale; avocat; avocats; assistance juridique; l'aide juridique
fr service housing: logement; hébergement; logements
fr service health: santé; soins de santé; médecin
fr service child-protection: protection de l'enfance; protection des enfants
fr service anti-trafficking: traite des personnes; lutte contre la traite
fr service interpretation: interprète; interprètes; traduction
fr client_group refugees: réfugié; réfugiés; réfugiée; réfugiées; les réfugiés
fr client_group unaccompanied-minors: mineurs non accompagnés; MNA; mineur non accompagné
fr client_group asylum-seekers: demandeurs d'asile; demandeur d’asile
fr client_group women: femmes; femme
fr organization_type ngo: ONG
fr event_type webinar: webinaire; webinaires
fr region 035: Asie du Sud-Est
fr region 002: Afrique
fr country TH: Thaïlande
fr language my: birman
fr language ar: arabe
es service legal-aid: asesoría legal; asistencia jurídica; abogado; abogados; abogadas; ayuda legal
es service housing: vivienda; alojamiento; viviendas
es service health: salud; médicos; atención médica
es service family-reunification: reunificación familiar; reagrupación familiar
es service gender-based-violence: violencia de género; violencia doméstica
es client_group refugees: refugiado; refugiados; refugiadas; personas refugiadas
es client_group unaccompanied-minors: menores no acompañados; niños no acompañados
es client_group asylum-seekers: solicitantes de asilo; solicitante de asilo
es client_group people-with-disabilities: personas con discapacidad; discapacidad
es kind organization: organizaciones; organización
es region 419: América Latina y el Caribe
es region 035: Sudeste Asiático
es country CD: República Democrática del Congo
es language my: birmano
ar service legal-aid: مساعدة قانونية; المساعدة القانونية; محامي; استشارات قانونية; محامون
ar service health: الصحة; صحة; مستشفى
ar service housing: سكن; السكن; الإسكان
ar service psychosocial: الدعم النفسي; دعم نفسي; الصحة النفسية
ar client_group refugees: لاجئين; اللاجئين; لاجئون; للاجئين
ar client_group unaccompanied-minors: القاصرون غير المصحوبين; أطفال غير مصحوبين
ar client_group women: نساء; النساء
ar region 145: الشرق الأوسط
ar country SY: سوريا
ar language fa: الفارسية
ru service legal-aid: юридическая помощь; юридическую помощь; адвокат; адвокаты; юристы
ru service health: медицинская помощь; медицинской помощи; врачи
ru service housing: жильё; жилье
ru service interpretation: переводчик; переводчики; устный перевод
ru client_group refugees: беженцы; беженцев; беженцам
ru client_group children: дети; детям
ru event_type webinar: вебинар; вебинары
ru region 035: Юго-Восточная Азия
ru country UA: Украина
ru language my: бирманский
uk service legal-aid: правова допомога; юридична допомога; адвокати
uk service psychosocial: психологічна допомога; психологи
uk client_group refugees: біженці; біженців
uk client_group internally-displaced: ВПО; внутрішньо переміщені особи
uk country PL: Польща
uk language uk: українська
fa service legal-aid: کمک حقوقی; مشاوره حقوقی; وکیل
fa service education-language: آموزش; مدرسه
fa client_group refugees: پناهندگان; پناهنده
fa client_group children: کودکان
fa country AF: افغانستان
th service legal-aid: ความช่วยเหลือทางกฎหมาย; ทนายความ
th service health: สุขภาพ
th client_group refugees: ผู้ลี้ภัย
th client_group vulnerable-migrants: แรงงานข้ามชาติ
th client_group children: เด็ก
th region 035: เอเชียตะวันออกเฉียงใต้
th country TH: ไทย
th language my: พม่า
my service legal-aid: ရှေ့နေ; ဥပဒေအကူအညီ
my service health: ကျန်းမာရေး; က်န္းမာေရး
my client_group refugees: ဒုက္ခသည်; ဒုကၡသည္; ဒုက္ခသည်များ
my client_group children: ကလေးများ; ကေလးမ်ား
my country MM: မြန်မာ; ျမန္မာ
my language my: မြန်မာ
zh service legal-aid: 法律援助; 律师; 律師
zh service interpretation: 翻译; 翻譯
zh client_group refugees: 难民; 難民
zh client_group asylum-seekers: 寻求庇护者; 尋求庇護者
zh client_group children: 儿童; 兒童
zh region 035: 东南亚; 東南亞
zh country TH: 泰国; 泰國
zh language my: 缅甸语; 緬甸語
ja service legal-aid: 弁護士; 法律相談
ja client_group refugees: 難民
ja region 035: 東南アジア
ja country MM: ミャンマー; ﾐｬﾝﾏｰ
ko service legal-aid: 변호사; 법률 지원
ko client_group refugees: 난민
ko country TH: 태국
tr service legal-aid: hukuki yardım; HUKUKİ YARDIM; avukat
tr service education-language: eğitim; dil kursu
tr client_group refugees: mülteci; mülteciler
tr client_group children: çocuklar; ÇOCUKLAR
vi service legal-aid: trợ giúp pháp lý; luật sư
vi service health: y tế; sức khoẻ
vi client_group refugees: người tị nạn
vi country TH: Thái Lan
de service legal-aid: Rechtsberatung; Anwälte; Anwalt
de service interpretation: Dolmetscher
de client_group refugees: Flüchtlinge; Geflüchtete; Flüchtling
de client_group children: Kinder
pt service legal-aid: assistência jurídica; advogado; advogados
pt client_group refugees: refugiados; refugiadas
pt client_group children: crianças; criança
he client_group refugees: פליטים
hi client_group refugees: शरणार्थी
el country GR: Ελλάδα
am country ET: ኢትዮጵያ
km country KH: កម្ពុជា
lo country LA: ລາວ
bn language bn: বাংলা
ta language ta: தமிழ்
"""

CASES = [
    (language, phrase, (parameter, code))
    for line in PHRASES.strip().splitlines()
    for (language, parameter, code), phrases in [(line.split(":")[0].split(), line.split(":", 1)[1])]
    for phrase in map(str.strip, phrases.split(";"))
]


def test_there_are_enough_of_them() -> None:
    assert len(CASES) >= 150
    assert len({language for language, _, _ in CASES}) >= 8


@pytest.mark.parametrize(("language", "phrase", "meant"), CASES, ids=[phrase for _, phrase, _ in CASES])
def test_a_phrase_means_its_term(language: str, phrase: str, meant: tuple[str, str]) -> None:
    found = clauses(phrase, further=True)
    assert [meant in clause.meant for clause in found] == [True]


@pytest.mark.parametrize(
    "phrase",
    ["per", "in", "the", "for", "mena", "un", "log", "International", "worldwide", "Harbour", "and"],
)
def test_what_is_mostly_something_else_means_no_term(phrase: str) -> None:
    assert not any(clause.meant for clause in clauses(phrase))
