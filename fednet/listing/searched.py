"""What people search for by other words than a term's own: who does it, and its name in languages without an interface.

The vocabularies name each term in English, French, Spanish and Arabic, and read the words of registers. These are asked
after them, of a search and of cells that are imported. German, Portuguese, Turkish, Vietnamese, Russian, Ukrainian,
Persian, Thai, Burmese, Chinese and some Japanese and Korean, as members and those they serve write them.
"""

from __future__ import annotations

from functools import cache

from fednet.listing.stems import stem
from fednet.listing.text import key

SERVICES = {
    "legal-aid": (
        "lawyer | attorney | solicitor | barrister | legal help | free legal aid | avocat | avocate | juriste | "
        "abogado | asesoría legal | asesoramiento legal | asistencia letrada | محامي | محام | محامون | محاماة | "
        "استشارات قانونية | Rechtsberatung | Rechtshilfe | Anwalt | assistência jurídica | apoio jurídico | "
        "advogado | hukuki yardım | hukuki destek | avukat | adli yardım | trợ giúp pháp lý | luật sư | "
        "юридическая помощь | правовая помощь | адвокат | юрист | юридична допомога | правова допомога | کمک "
        "حقوقی | مشاوره حقوقی | وکیل | ความช่วยเหลือทางกฎหมาย | ทนายความ | กฎหมาย | ဥပဒေအကူအညီ | ဥပဒေရေးရာအကူအညီ "
        "| ရှေ့နေ | 法律援助 | 法律咨询 | 律师 | 法律支援 | 弁護士 | 法律相談 | 법률 지원 | 법률 상담 | 변호사"
    ),
    "status-determination": (
        "refugee status | asylum application | demande d'asile | statut de réfugié | solicitud de asilo | "
        "Asylverfahren | طلب اللجوء | определение статуса беженца | تعیین وضعیت پناهندگی | 难民身份认定 | "
        "難民認定"
    ),
    "detention": (
        "immigration detention centre | centre de rétention | Abschiebehaft | detenção | gözaltı | geri gönderme "
        "merkezi | giam giữ | задержание | затримання | بازداشت | การกักตัว | 拘留 | 羁押 | 収容 | 구금"
    ),
    "family-reunification": (
        "family reunification | Familiennachzug | Familienzusammenführung | reunificação familiar | reunião "
        "familiar | aile birleşimi | đoàn tụ gia đình | воссоединение семьи | возз'єднання сім'ї | پیوستن به "
        "خانواده | پیوستن خانواده | การรวมครอบครัว | 家庭团聚 | 家族再統合 | 가족 결합"
    ),
    "sponsorship-resettlement": (
        "Umsiedlung | Neuansiedlung | reassentamento | yeniden yerleştirme | tái định cư | переселение | "
        "переселення | اسکان مجدد | การตั้งถิ่นฐานใหม่ | 重新安置 | 安置 | 再定住 | 재정착"
    ),
    "settlement-integration": (
        "Eingliederung | integração | uyum | entegrasyon | hội nhập | интеграция | інтеграція | ادغام | 融入 | "
        "融合 | 社会統合 | 정착 지원"
    ),
    "anti-trafficking": (
        "Menschenhandel | tráfico de pessoas | insan ticareti | buôn bán người | торговля людьми | торгівля "
        "людьми | قاچاق انسان | การค้ามนุษย์ | လူကုန်ကူးမှု | 人口贩运 | 反人口贩运 | 人身取引 | 인신매매"
    ),
    "psychosocial": (
        "psychologist | therapist | psychologue | psicólogo | psychosoziale Unterstützung | psychosoziale "
        "Beratung | apoio psicossocial | psikososyal destek | hỗ trợ tâm lý xã hội | hỗ trợ tâm lý | "
        "психосоциальная поддержка | психологическая помощь | психосоціальна підтримка | психологічна допомога | "
        "психолог | حمایت روانی اجتماعی | حمایت روانی | สุขภาพจิต | จิตสังคม | စိတ်ကျန်းမာရေး | 心理支持 | "
        "心理咨询 | 心理社会支持 | 心のケア | 심리 지원"
    ),
    "health": (
        "doctor | clinic | hospital | soins | médecin | clinique | hôpital | médico | clínica | طبيب | مستشفى "
        "| عيادة | Gesundheit | Gesundheitsversorgung | Arzt | saúde | sağlık | doktor | y tế | sức khỏe | "
        "здравоохранение | здоровье | медицинская помощь | охорона здоров'я | здоров'я | медична допомога | врач "
        "| лікар | بهداشت | سلامت | درمان | สุขภาพ | ကျန်းမာရေး | 健康 | 医疗 | 保健 | 医療 | 건강 | 의료"
    ),
    "education-language": (
        "school | teacher | école | enseignant | escuela | maestro | مدرسة | معلم | Bildung | Schule | Sprachkurs "
        "| educação | escola | eğitim | okul | dil kursu | giáo dục | trường học | образование | языковые курсы | "
        "школа | освіта | мовні курси | آموزش | مدرسه | การศึกษา | โรงเรียน | ပညာရေး | ကျောင်း | 教育 | 学校 | "
        "语言课程 | 교육 | 학교"
    ),
    "livelihoods": (
        "work | job | employment services | travail | trabajo | عمل | وظائف | Arbeit | Beschäftigung | emprego | "
        "trabalho | geçim kaynakları | istihdam | iş | sinh kế | việc làm | трудоустройство | работа | "
        "працевлаштування | робота | اشتغال | معیشت | อาชีพ | การจ้างงาน | အသက်မွေးဝမ်းကျောင်း | 生计 | 就业 | "
        "就労支援 | 생계"
    ),
    "housing": (
        "house | flat | apartment | maison | appartement | casa | apartamento | Wohnung | Unterkunft | habitação "
        "| moradia | barınma | konut | nhà ở | жильё | жилье | житло | مسکن | ที่อยู่อาศัย | အိုးအိမ် | 住房 | "
        "住居 | 주거"
    ),
    "child-protection": (
        "Kinderschutz | proteção da criança | proteção de crianças | çocuk koruma | bảo vệ trẻ em | защита детей "
        "| захист дітей | حمایت از کودکان | คุ้มครองเด็ก | การคุ้มครองเด็ก | ကလေးသူငယ်ကာကွယ်ရေး | 儿童保护 | "
        "児童保護 | 아동 보호"
    ),
    "youth": (
        "Jugend | juventude | gençlik | thanh niên | молодёжь | молодежь | молодь | جوانان | เยาวชน | လူငယ် | "
        "青年 | 若者 | 청소년"
    ),
    "advocacy": (
        "Interessenvertretung | savunuculuk | vận động chính sách | адвокация | правозащита | права человека | "
        "адвокація | права людини | حقوق بشر | สิทธิมนุษยชน | လူ့အခွင့်အရေး | 倡导 | 人权 | 人権 | 인권"
    ),
    "research": (
        "Forschung | pesquisa | araştırma | nghiên cứu | исследования | дослідження | پژوهش | تحقیق | วิจัย | "
        "သုတေသန | 研究 | 연구"
    ),
    "training": (
        "Schulung | Ausbildung | Fortbildung | formação | capacitação | kurs | đào tạo | обучение | тренинг | "
        "навчання | тренінг | การฝึกอบรม | သင်တန်း | 培训 | 研修 | 훈련"
    ),
    "interpretation": (
        "interpreter | translator | interprète | traducteur | intérprete | traductor | مترجم | مترجم شفوي | "
        "Dolmetscher | Übersetzung | interpretação | tradução | tercüman | tercümanlık | çeviri | phiên dịch | "
        "thông dịch | переводчик | устный перевод | перевод | перекладач | переклад | ترجمه | مترجمی | ล่าม | "
        "စကားပြန် | 口译 | 翻译 | 通訳 | 통역"
    ),
    "gender-based-violence": (
        "violence against women | violence faite aux femmes | violence conjugale | violencia contra la mujer | "
        "violencia doméstica | العنف الأسري | العنف ضد المرأة | häusliche Gewalt | geschlechtsspezifische Gewalt "
        "| violência de gênero | violência doméstica | aile içi şiddet | kadına yönelik şiddet | bạo lực giới | "
        "домашнее насилие | гендерное насилие | домашнє насильство | гендерно зумовлене насильство | خشونت خانگی "
        "| خشونت علیه زنان | ความรุนแรงในครอบครัว | 家庭暴力 | 性别暴力 | 가정 폭력"
    ),
    "water-sanitation": (
        "Wasser | água e saneamento | su ve sanitasyon | nước sạch | вода и санитария | вода | آب آشامیدنی | "
        "น้ำสะอาด | 饮用水 | 水和卫生"
    ),
    "food-security": (
        "food bank | banque alimentaire | banco de alimentos | Lebensmittel | segurança alimentar | gıda yardımı "
        "| gıda güvenliği | an ninh lương thực | lương thực | продовольствие | продовольственная помощь | "
        "продукты питания | продовольча допомога | کمک غذایی | امنیت غذایی | غذا | อาหาร | စားနပ်ရိက္ခာ | 食物 | "
        "粮食援助 | 食料支援 | 식량 지원"
    ),
    "nutrition": (
        "Ernährung | nutrição | beslenme | dinh dưỡng | питание | харчування | تغذیه | โภชนาการ | အာဟာရ | 营养 | 栄養"
    ),
    "shelter": (
        "Notunterkunft | abrigo | acil barınma | nơi trú ẩn | убежище | укрытие | приют | притулок | سرپناه | "
        "ที่พักพิง | 庇护所 | 收容所 | 避難所 | 쉼터"
    ),
    "cash-assistance": (
        "Bargeldhilfe | finanzielle Hilfe | assistência em dinheiro | nakit yardım | nakdi yardım | hỗ trợ tiền "
        "mặt | денежная помощь | грошова допомога | کمک نقدی | เงินช่วยเหลือ | 现金援助 | 現金給付"
    ),
    "documentation": (
        "birth certificate | papers | acte de naissance | papiers | partida de nacimiento | documentos | شهادة "
        "ميلاد | Ausweispapiere | Registrierung | documentação | registro | kayıt | kimlik | giấy tờ | đăng ký | "
        "регистрация | документы | реєстрація | документи | مدارک هویتی | شناسنامه | การจดทะเบียน | 登记 | 证件 | "
        "登録"
    ),
    "protection": (
        "Schutz | proteção | koruma | bảo hộ | защита | захист | حمایت | การคุ้มครอง | ကာကွယ်စောင့်ရှောက်ရေး | "
        "保护 | 保護 | 보호"
    ),
    "information-referral": (
        "Beratung | Information | informação | danışmanlık | bilgilendirme | thông tin | консультация | "
        "информация | інформація | консультація | راهنمایی | اطلاع رسانی | ข้อมูล | 信息 | 转介 | 相談 | 상담"
    ),
    "emergency-relief": (
        "humanitäre Hilfe | Nothilfe | ajuda humanitária | insani yardım | cứu trợ | viện trợ nhân đạo | "
        "гуманитарная помощь | гуманітарна допомога | کمک‌های بشردوستانه | ความช่วยเหลือด้านมนุษยธรรม | 人道援助 "
        "| 人道主义援助 | 緊急支援 | 인도적 지원"
    ),
}

CLIENT_GROUPS = {
    "refugees": (
        "Flüchtlinge | Geflüchtete | refugiados | mülteciler | mülteci | sığınmacı | người tị nạn | tị nạn | "
        "беженцы | беженец | біженці | біженець | پناهندگان | پناهنده | پناهجو | ผู้ลี้ภัย | ဒုက္ခသည် | "
        "ဒုက္ခသည်များ | 难民 | 難民 | 난민 | פליטים | शरणार्थी | শরণার্থী | அகதிகள் | ជនភៀសខ្លួន | ຊາວອົບພະຍົບ | "
        "ስደተኞች"
    ),
    "asylum-seekers": (
        "asylum claimants | "
        "Asylsuchende | Asylbewerber | requerentes de asilo | solicitantes de refúgio | sığınmacılar | iltica "
        "edenler | người xin tị nạn | просители убежища | соискатели убежища | шукачі притулку | پناهجویان | "
        "ผู้ขอลี้ภัย | ခိုလှုံခွင့်တောင်းခံသူ | 寻求庇护者 | 庇護申請者 | 망명 신청자"
    ),
    "torture-survivors": (
        "Folteropfer | sobreviventes de tortura | işkence mağdurları | nạn nhân tra tấn | жертвы пыток | жертви "
        "катувань | قربانیان شکنجه | ผู้รอดชีวิตจากการทรมาน | 酷刑幸存者 | 拷問被害者"
    ),
    "trafficked-persons": (
        "Opfer von Menschenhandel | vítimas de tráfico | insan ticareti mağdurları | nạn nhân buôn người | жертвы "
        "торговли людьми | жертви торгівлі людьми | قربانیان قاچاق انسان | ผู้เสียหายจากการค้ามนุษย์ | "
        "人口贩运受害者"
    ),
    "internally-displaced": (
        "Binnenvertriebene | deslocados internos | yerinden edilmiş kişiler | người di dời | внутренне "
        "перемещённые лица | вынужденные переселенцы | внутрішньо переміщені особи | ВПО | ВПЛ | آوارگان داخلی | "
        "ผู้พลัดถิ่นภายในประเทศ | နေရပ်စွန့်ခွာသူ | 境内流离失所者 | 国内避難民 | 국내 실향민"
    ),
    "stateless": (
        "Staatenlose | apátridas | vatansızlar | vatansız | người không quốc tịch | лица без гражданства | особи "
        "без громадянства | بی‌تابعیت | بدون تابعیت | ผู้ไร้สัญชาติ | คนไร้สัญชาติ | နိုင်ငံမဲ့ | 无国籍人 | "
        "无国籍 | 無国籍 | 무국적자"
    ),
    "vulnerable-migrants": (
        "Migranten | migrantes vulneráveis | göçmenler | göçmen | người di cư | мигранты | трудовые мигранты | "
        "мігранти | مهاجران | کارگران مهاجر | แรงงานข้ามชาติ | ရွှေ့ပြောင်းအလုပ်သမား | 移民 | 移工 | 外籍劳工 | "
        "移住労働者 | 이주민"
    ),
    "returnees": (
        "Rückkehrer | retornados | geri dönenler | người hồi hương | возвращенцы | репатрианты | репатріанти | "
        "بازگشت‌کنندگان | ผู้เดินทางกลับ | 返回者 | 回返者 | 帰還民"
    ),
    "children": (
        "Kinder | crianças | çocuklar | trẻ em | дети | діти | کودکان | เด็ก | ကလေး | ကလေးများ | 儿童 | 子ども | "
        "子供 | 아동"
    ),
    "unaccompanied-minors": (
        "unbegleitete Minderjährige | UMF | menores desacompanhados | crianças desacompanhadas | refakatsiz "
        "çocuklar | trẻ em không có người đi kèm | несопровождаемые несовершеннолетние | дети без сопровождения | "
        "несупроводжувані діти | діти без супроводу | کودکان بدون همراه | เด็กที่ไม่มีผู้ปกครอง | မိဘမဲ့ကလေး | "
        "无人陪伴儿童 | 無人陪伴未成年人 | 同伴者のいない未成年 | 보호자 없는 아동"
    ),
    "youth": (
        "Jugendliche | jovens | gençler | thanh niên | молодёжь | молодь | جوانان | เยาวชน | လူငယ်များ | 青年 | "
        "若者 | 청년"
    ),
    "women": (
        "Frauen | mulheres | kadınlar | kadın | phụ nữ | женщины | жінки | زنان | ผู้หญิง | สตรี | အမျိုးသမီး | "
        "အမျိုးသမီးများ | 妇女 | 女性 | 여성"
    ),
    "lgbtiq": (
        "gay | lesbian | trans | pessoas LGBTI | LGBTI bireyler | ЛГБТ | ЛГБТК | ال‌جی‌بی‌تی | "
        "ผู้มีความหลากหลายทางเพศ | 性少数 | 同志 | 性少数者 | 성소수자"
    ),
    "people-with-disabilities": (
        "Menschen mit Behinderungen | pessoas com deficiência | engelliler | engelli | người khuyết tật | "
        "инвалиды | люди с инвалидностью | люди з інвалідністю | معلولان | افراد دارای معلولیت | คนพิการ | "
        "မသန်စွမ်းသူ | 残疾人 | 残障人士 | 障害者 | 장애인"
    ),
    "people-in-detention": (
        "Inhaftierte | pessoas detidas | tutuklular | người bị giam giữ | заключённые | задержанные | затримані | "
        "بازداشت‌شدگان | زندانیان | ผู้ถูกกักกัน | 被拘留者 | 在押人员 | 被収容者"
    ),
    "older-people": (
        "ältere Menschen | Senioren | idosos | pessoas idosas | yaşlılar | người cao tuổi | пожилые люди | літні "
        "люди | سالمندان | ผู้สูงอายุ | သက်ကြီးရွယ်အို | 老年人 | 高齢者 | 노인"
    ),
    "families": (
        "Familien | famílias | aileler | gia đình | семьи | сім'ї | خانواده‌ها | ครอบครัว | မိသားစု | 家庭 | 家族 | 가족"
    ),
}

TYPES = {
    "organization_type": {
        "ngo": ("НКО | НПО | Nichtregierungsorganisation | STK | sivil toplum kuruluşu | องค์กรพัฒนาเอกชน | 非政府组织"),
        "refugee-led": "mülteci örgütü | Selbstorganisation Geflüchteter | 难民自助组织",
        "research-institute": (
            "Universität | universidade | üniversite | университет | університет | دانشگاه | มหาวิทยาลัย | တက္ကသိုလ် | 大学"
        ),
        "faith-group": (
            "Kirche | igreja | mosque | mosquée | mezquita | مسجد | temple | kilise | церковь | церква | โบสถ์ | 教会"
        ),
        "un-agency": (
            "ООН | Vereinte Nationen | Nações Unidas | Birleşmiş Milletler | سازمان ملل | สหประชาชาติ | ကုလသမဂ္ဂ "
            "| 联合国 | 国連 | 유엔"
        ),
        "funder": "Stiftung | fundação | vakıf | фонд | 基金会 | 재단",
        "network": "Netzwerk | rede | сеть | мережа | شبکه | เครือข่าย | ကွန်ရက် | 网络 | ネットワーク | 네트워크",
    },
    "event_type": {
        "webinar": "вебинар | вебінар | وبینار | 网络研讨会 | ウェビナー | 웨비나 | สัมมนาออนไลน์",
        "conference": (
            "Konferenz | conferência | konferans | hội nghị | конференция | конференція | کنفرانس | การประชุมใหญ่ "
            "| 会议 | 大会 | 회의"
        ),
        "workshop": (
            "Workshop | oficina | atölye | çalıştay | hội thảo | семинар | семінар | мастерская | کارگاه | "
            "การประชุมเชิงปฏิบัติการ | အလုပ်ရုံဆွေးနွေးပွဲ | 工作坊 | 研讨会 | 워크숍"
        ),
        "training": "Schulung | eğitim | đào tạo | тренинг | тренінг | การฝึกอบรม | 培训",
    },
}

KINDS = {
    "organization": (
        "organization | organisation | organización | organização | منظمة | منظمات | المنظمات | Organisationen | "
        "kuruluş | kuruluşlar | tổ chức | организация | организации | організація | سازمان | سازمان‌ها | องค์กร | "
        "အဖွဲ့အစည်း | 组织 | 机构 | 団体 | 단체"
    ),
    "person": (
        "person | people | individual | expert | personne | persona | experto | أشخاص | خبير | Fachleute | эксперт"
    ),
    "group": "working groups | groupes de travail | grupos de trabajo | مجموعات العمل | فرق العمل",
    "event": (
        "event | calendar | meeting | événement | évènement | calendrier | réunion | evento | calendario | "
        "reunión | فعالية | فعاليات | اجتماع | Veranstaltung | Veranstaltungen | etkinlik | toplantı | sự kiện | "
        "мероприятие | событие | захід | подія | رویداد | กิจกรรม | ပွဲ | 活动 | イベント | 행사"
    ),
    "exchange": "needs and offers | besoins et offres | necesidades y ofertas | الاحتياجات والعروض",
    "twinning": "twinnings | jumelages | hermanamientos | التوأمات",
    "resource": (
        "resource | publication | ressource | recurso | publicación | موارد | منشورات | Publikation | публикация "
        "| منابع | 资源"
    ),
}


def names(parameter: str) -> dict[str, str]:
    """The codes of a parameter (`service`, `client_group`, `event_type`) by each of these phrases, as keys."""
    return _known(parameter)[0]


def stems(parameter: str) -> dict[str, str]:
    """The same, by the stems of the phrases."""
    return _known(parameter)[1]


_TABLES = {"service": SERVICES, "client_group": CLIENT_GROUPS, **TYPES}


@cache
def _known(parameter: str) -> tuple[dict[str, str], dict[str, str]]:
    exact = {key(name): code for code, names in _TABLES.get(parameter, {}).items() for name in names.split(" | ")}
    by_stem: dict[str, str] = {}
    for known, code in exact.items():
        by_stem.setdefault(stem(known), code)
    return exact, by_stem
