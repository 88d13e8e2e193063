"""The services that networks name, and the sectors of humanitarian registers that they correspond to.

Terms 0 to 17 are those of the networks' own directories. The others are sectors of the humanitarian cluster system
(OCHA global coordination groups, as in HDX operational presence) and of UNHCR service registers, so that such lists
can be read. A bit is never given to another term, and no term ever changes its code.
"""

from __future__ import annotations

from fednet.listing.term import Vocabulary, term

SERVICES = Vocabulary(
    "service",
    [
        term(
            0,
            "legal-aid",
            "Legal aid | Aide juridique | Asistencia jurídica | المساعدة القانونية",
            "Legal advice and representation for people who need protection.",
            "legal | legal assistance | legal advice | legal support | legal counselling | legal "
            "counseling | legal representation | pro bono | law clinic | legal clinic | assistance "
            "juridique | assistance légale | conseil juridique | aide légale | clinique juridique | "
            "asistencia legal | ayuda legal | asesoría jurídica | asesoramiento jurídico | ayuda jurídica "
            "| مساعدة قانونية | المشورة القانونية | استشارة قانونية | حق اللاجئين | حقوق اللاجئين | "
            "refugee right | access to justice | accès à la justice",
            "human_services:legal:advocacy_legal_aid",
            broader="protection",
        ),
        term(
            1,
            "status-determination",
            "Status determination | Détermination du statut | Determinación de la condición de refugiado "
            "| تحديد صفة اللاجئ",
            "Help in procedures that decide who is a refugee or otherwise protected.",
            "rsd | refugee status determination | asylum procedure | asylum procedures | asylum claims | "
            "refugee claims | détermination du statut de réfugié | procédure d'asile | determinación del "
            "estatuto de refugiado | procedimiento de asilo | تحديد وضع اللاجئ | إجراءات اللجوء",
            "human_services:legal:advocacy_legal_aid:citizenship_immigration",
            broader="legal-aid",
        ),
        term(
            2,
            "detention",
            "Detention | Détention | Detención | الاحتجاز",
            "Monitoring of immigration detention, visits, release and alternatives to detention.",
            "immigration detention | detention monitoring | detention visits | alternatives to detention "
            "| atd | détention des migrants | rétention | rétention administrative | alternatives à la "
            "détention | alternativas a la detención | detención migratoria | احتجاز | بدائل الاحتجاز",
            "human_services:legal:representation",
            broader="protection",
        ),
        term(
            3,
            "family-reunification",
            "Family reunification | Réunification familiale | Reunificación familiar | لم شمل الأسر",
            "Tracing of relatives and procedures that bring families together again.",
            "family reunion | family tracing | family tracing and reunification | ftr | restoring family "
            "links | regroupement familial | recherche de la famille | rétablissement des liens familiaux "
            "| reagrupación familiar | لم شمل الأسرة | لم الشمل | جمع شمل الأسر | تتبع الأسر",
            "human_services:emergency:help_find_missing_persons",
            broader="protection",
        ),
        term(
            4,
            "sponsorship-resettlement",
            "Sponsorship and resettlement | Parrainage et réinstallation | Patrocinio y reasentamiento | "
            "الكفالة وإعادة التوطين",
            "Private sponsorship, resettlement and other complementary ways to safety.",
            "sponsorship | resettlement | private sponsorship | community sponsorship | complementary "
            "pathways | overseas protection and sponsorship | parrainage | parrainage privé | "
            "réinstallation | voies complémentaires | patrocinio | patrocinio comunitario | "
            "reasentamiento | vías complementarias | إعادة التوطين | الكفالة | كفالة اللاجئين",
            "human_services:legal:advocacy_legal_aid:citizenship_immigration",
        ),
        term(
            5,
            "settlement-integration",
            "Settlement and integration | Établissement et intégration | Establecimiento e integración | "
            "الاستقرار والاندماج",
            "Help for newcomers to find their way and take part in the place where they live.",
            "settlement | integration | newcomer services | settlement services | immigration and "
            "settlement | local integration | orientation | social inclusion | social cohesion | "
            "établissement | intégration | accueil et intégration | accueil | services d'établissement | "
            "intégration locale | cohésion sociale | inclusion sociale | integración | integración local "
            "| asentamiento | acogida | الاندماج | الإدماج | الاندماج المحلي | التماسك الاجتماعي",
            "human_services:care:navigating_the_system",
        ),
        term(
            6,
            "anti-trafficking",
            "Anti-trafficking | Lutte contre la traite | Lucha contra la trata | مكافحة الاتجار بالبشر",
            "Prevention of trafficking in persons, and identification and support of those trafficked.",
            "trafficking | human trafficking | counter-trafficking | trafficking in persons | tip | "
            "modern slavery | traite | traite des personnes | traite des êtres humains | lutte contre la "
            "traite des personnes | trata | trata de personas | contra la trata | الاتجار بالبشر | "
            "الاتجار بالأشخاص",
            "human_services:emergency:immediate_safety:help_escape_violence",
            broader="protection",
        ),
        term(
            7,
            "psychosocial",
            "Psychosocial support | Soutien psychosocial | Apoyo psicosocial | الدعم النفسي والاجتماعي",
            "Counselling, mental health care and community support for people who have suffered.",
            "psychosocial | pss | mhpss | mental health | mental health and psychosocial support | "
            "psychosocial & mental health | counselling | counseling | trauma | psychological support | "
            "santé mentale | appui psychosocial | soutien psychologique | smsps | accompagnement "
            "psychosocial | salud mental | apoyo psicológico | smaps | الصحة النفسية | الصحة النفسية و "
            "العقلية | الصحة النفسية والدعم النفسي والاجتماعي | الدعم النفسي | الدعم النفسي الاجتماعي",
            "human_services:health:mental_health_care",
            broader="health",
        ),
        term(
            8,
            "health",
            "Health | Santé | Salud | الصحة",
            "Medical care and public health.",
            "hea | health care | healthcare | health services | medical | medical care | medical aid | "
            "primary health care | reproductive health | sexual and reproductive health | soins de santé "
            "| soins médicaux | services de santé | santé reproductive | salud pública | atención médica "
            "| atención sanitaria | sanidad | servicios de salud | الرعاية الصحية | الخدمات الصحية | صحة "
            "| الصحة الإنجابية",
            "human_services:health:medical_care",
        ),
        term(
            9,
            "education-language",
            "Education and language | Éducation et langue | Educación e idioma | التعليم واللغة",
            "Schooling, adult education and courses in the language of the place.",
            "edu | education | schooling | schools | language | language classes | language courses | "
            "language training | literacy | education in emergencies | eie | education opportunities | "
            "support for learning environment | education for children with disabilities | éducation | "
            "enseignement | scolarisation | alphabétisation | cours de langue | langue | éducation en "
            "situation d'urgence | educación | enseñanza | alfabetización | clases de idioma | cursos de "
            "idiomas | idioma | التعليم | تعليم | فرص التعليم | دعم بيئة التعلم | التعليم للأطفال ذوي "
            "الإعاقة | التربية | دروس اللغة | محو الأمية",
            "human_services:education",
        ),
        term(
            10,
            "livelihoods",
            "Livelihoods | Moyens de subsistance | Medios de vida | سبل العيش",
            "Work, income and enterprise: employment services, vocational training, small grants.",
            "livelihood | employment | economic inclusion | self-reliance | vocational training | jobs | "
            "job training | income generation | lih | economic empowerment | emploi | moyens d'existence "
            "| formation professionnelle | inclusion économique | autonomisation économique | activités "
            "génératrices de revenus | agr | empleo | formación profesional | inclusión económica | "
            "medios de subsistencia | التوظيف | كسب العيش | سبل كسب العيش | سبل المعيشة | التدريب المهني",
            "human_services:work",
        ),
        term(
            11,
            "housing",
            "Housing | Logement | Vivienda | السكن",
            "Finding and keeping a place to live.",
            "accommodation | rent | housing support | tenancy | homelessness | hébergement | aide au "
            "logement | alojamiento | albergue | الإسكان | سكن | الإيواء السكني",
            "human_services:housing",
        ),
        term(
            12,
            "child-protection",
            "Child protection | Protection de l'enfance | Protección de la infancia | حماية الطفل",
            "Prevention of and response to abuse, neglect, exploitation and violence against children.",
            "pro-cpn | cp | cpn | cp aor | child safeguarding | protection of children | protection de "
            "l'enfant | protection des enfants | protection enfance | protección infantil | protección de "
            "la niñez | protección de niños | حماية الأطفال | حماية الطفولة",
            "human_services:emergency:immediate_safety",
            broader="protection",
        ),
        term(
            13,
            "youth",
            "Youth | Jeunesse | Juventud | الشباب",
            "Programmes made with and for young people.",
            "youth programmes | youth programs | youth services | youth work | young people | youth "
            "network | adolescents | jeunes | services à la jeunesse | jóvenes | adolescentes | برامج "
            "الشباب | اليافعين",
            "human_services:care:support_network:mentoring",
        ),
        term(
            14,
            "advocacy",
            "Advocacy | Plaidoyer | Incidencia | المناصرة",
            "Work on law, policy and public opinion.",
            "policy | campaigning | lobbying | public policy | human rights | refugee rights | awareness "
            "raising | strategic litigation | plaidoyer politique | politiques | défense des droits | "
            "droits humains | droits de l'homme | sensibilisation | incidencia política | defensa de "
            "derechos | abogacía | derechos humanos | كسب التأييد | المدافعة | حقوق الإنسان | التوعية",
            "human_services:legal:advocacy_legal_aid:discrimination_civil_rights",
        ),
        term(
            15,
            "research",
            "Research | Recherche | Investigación | البحث",
            "Studies, evidence and documentation of conditions.",
            "studies | academic research | evaluation | monitoring and evaluation | country of origin "
            "information | coi | data | études | évaluation | collecte de données | estudios | evaluación "
            "| بحوث | الأبحاث | الدراسات | البحوث",
        ),
        term(
            16,
            "training",
            "Training | Formation | Formación | التدريب",
            "Training and capacity building of organisations, officials and communities.",
            "capacity building | capacity development | capacity sharing | technical assistance | "
            "renforcement des capacités | formations | assistance technique | capacitación | desarrollo "
            "de capacidades | fortalecimiento de capacidades | بناء القدرات | تدريب | تنمية القدرات",
            "human_services:work:skills_training:specialized_training",
        ),
        term(
            17,
            "interpretation",
            "Interpretation | Interprétation | Interpretación | الترجمة الشفوية",
            "Interpreting and translation.",
            "interpreting | interpreters | translation | translation and interpretation | cultural "
            "mediation | traduction | interprètes | traduction et interprétation | médiation culturelle | "
            "traducción | intérpretes | الترجمة | ترجمة | الترجمة الفورية",
            "human_services:legal:translation_interpretation",
        ),
        term(
            18,
            "protection",
            "Protection | Protection | Protección | الحماية",
            "Protection of people's safety and rights, where no narrower service is named.",
            "pro | general protection | protection services | protection monitoring | inland protection | "
            "protection générale | services de protection | monitoring de protection | protección general "
            "| حماية | خدمات الحماية",
            "human_services:care:physical_safety",
        ),
        term(
            19,
            "gender-based-violence",
            "Gender-based violence | Violence basée sur le genre | Violencia de género | العنف القائم على "
            "النوع الاجتماعي",
            "Prevention of gender-based violence and support of those who survived it.",
            "pro-gbv | gbv | sgbv | gbv aor | gender based violence | sexual violence | sexual and "
            "gender-based violence | domestic violence | women safe spaces | vbg | violences basées sur "
            "le genre | violences sexuelles | violences sexistes | violence sexiste | violencia sexual | "
            "violencia basada en género | vbg aor | العنف القائم على نوع الجنس | العنف الجنساني | العنف "
            "الجنسي | women مساحات آمنة | مساحات آمنة للنساء",
            "human_services:emergency:immediate_safety:help_escape_violence",
            broader="protection",
        ),
        term(
            20,
            "housing-land-property",
            "Housing, land and property | Logement, terre et propriété | Vivienda, tierra y propiedad | "
            "السكن والأرض والملكية",
            "Rights to housing, land and property, tenure and restitution.",
            "pro-hlp | hlp | hlp aor | land rights | logement terres et biens | ltb | logement terre et "
            "biens | logement, terres et propriétés | vivienda tierras y propiedades | حقوق السكن "
            "والأراضي والممتلكات | السكن والأراضي والممتلكات",
            "human_services:housing:housing_advice",
            broader="protection",
        ),
        term(
            21,
            "mine-action",
            "Mine action | Lutte antimines | Acción contra las minas | الإجراءات المتعلقة بالألغام",
            "Clearance of and education about mines and other explosive remnants.",
            "pro-min | min | ma aor | explosive hazards | mine risk education | explosive ordnance | eore "
            "| demining | lutte anti-mines | action contre les mines | déminage | engins explosifs | "
            "desminado | acción humanitaria contra las minas | إزالة الألغام | مكافحة الألغام",
            "human_services:care:physical_safety:safety_education",
            broader="protection",
        ),
        term(
            22,
            "camp-coordination",
            "Camp coordination and management | Coordination et gestion des camps | Coordinación y "
            "gestión de campamentos | تنسيق وإدارة المخيمات",
            "Coordination and running of camps, sites and collective centres.",
            "ccm | cccm | camp coordination / management | camp coordination and camp management | camp "
            "management | site management | gestion des camps | gestion des sites | coordination et "
            "gestion de camps | gestión de campamentos | gestión de alojamientos | إدارة المخيمات",
            "human_services:emergency:disaster_response",
            broader="emergency-relief",
        ),
        term(
            23,
            "water-sanitation",
            "Water, sanitation and hygiene | Eau, hygiène et assainissement | Agua, saneamiento e higiene "
            "| المياه والصرف الصحي والنظافة",
            "Safe water, sanitation and hygiene.",
            "wsh | wash | water sanitation hygiene | water sanitation and hygiene | water | sanitation | "
            "hygiene | water access | drainage | hygiene & hygiene products delivery | "
            "sanitation/protection from the spread of dise | eau | eha | eau hygiène assainissement | eau "
            "et assainissement | assainissement | eau assainissement et hygiène | agua y saneamiento | "
            "agua | saneamiento | ash | المياه والصرف الصحي | المياه | الصرف الصحي | إمكانية الحصول على "
            "المياه | تسليم النظافة ومنتجات النظافة | الصرف الصحي / الحماية من انتشار المرض | النظافة",
            "human_services:goods:home_goods:personal_care_items",
        ),
        term(
            24,
            "food-security",
            "Food security | Sécurité alimentaire | Seguridad alimentaria | الأمن الغذائي",
            "Access to enough food: distribution, vouchers, agriculture.",
            "fsc | fsac | fsl | food | food aid | food assistance | food security and livelihoods | food "
            "security and agriculture | agriculture | sécurité alimentaire et moyens de subsistance | "
            "aide alimentaire | assistance alimentaire | alimentation | secal | same | seguridad "
            "alimentaria y medios de vida | alimentación | ayuda alimentaria | agricultura | الغذاء | "
            "المساعدات الغذائية | الأمن الغذائي والزراعة | غذاء",
            "human_services:food",
        ),
        term(
            25,
            "nutrition",
            "Nutrition | Nutrition | Nutrición | التغذية",
            "Prevention and treatment of malnutrition.",
            "nut | nutrition services | malnutrition | nutritional status impovement | nutritional status "
            "improvement | infant feeding | services de nutrition | desnutrición | خدمات التغذية | تحسين "
            "الحالة الغذائية | تغذية",
            "human_services:food:nutrition",
            broader="health",
        ),
        term(
            26,
            "shelter",
            "Emergency shelter | Abris d'urgence | Alojamiento de emergencia | المأوى",
            "Emergency and transitional shelter.",
            "shl | shelter | emergency shelter and nfi | emergency shelter and nfis | shelter and nfi | "
            "shelter and nfis | shelter nfi | esnfi | es nfi | snfi | shelter and settlements | shelter "
            "rehabilitation | abri | abris | abris nfi | abris et nfi | abris / nfi | abris et non vivres "
            "| abris / ame | abris et articles ménagers essentiels | alojamiento de emergencia y nfi | "
            "refugio temporal | albergue temporal | مأوى | الإيواء | المأوى والمواد غير الغذائية | إعادة "
            "تأهيل الملاجئ",
            "human_services:housing:emergency_shelter",
            broader="housing",
        ),
        term(
            27,
            "relief-items",
            "Relief items | Articles de secours | Artículos de socorro | المواد غير الغذائية",
            "Household and other relief items that are not food.",
            "nfi | nfis | non-food items | non food items | core relief items | cri | household items | "
            "distribution for basic needs (nfi) | basic needs | articles non alimentaires | articles "
            "ménagers essentiels | ame | non vivres | artículos no alimentarios | artículos domésticos | "
            "مواد غير غذائية | توزيع الاحتياجات الأساسية (المواد غير الغذائية) (المواد غير الغذائية) | "
            "توزيع الاحتياجات الأساسية | مواد الإغاثة",
            "human_services:goods:home_goods",
            broader="emergency-relief",
        ),
        term(
            28,
            "cash-assistance",
            "Cash assistance | Assistance monétaire | Asistencia en efectivo | المساعدة النقدية",
            "Cash and vouchers that people spend as they need.",
            "cash | cash programming | cva | mpca | mpc | multi-purpose cash | multipurpose cash "
            "assistance | cash and voucher assistance | cash transfer | cash for rent | financial "
            "assistance | vouchers | cash multi-sectoriel | cash multisectoriel | transferts monétaires | "
            "transfert monétaire | aide financière | argent liquide | asistencia monetaria | "
            "transferencias monetarias | ayuda económica | نقد | النقد | النقد للإيجار | المساعدة المالية "
            "| المساعدات النقدية",
            "human_services:money:financial_assistance",
            broader="emergency-relief",
        ),
        term(
            29,
            "logistics",
            "Logistics | Logistique | Logística | الخدمات اللوجستية",
            "Transport, storage and supply for the work of others.",
            "log | logistics cluster | supply | transport | unhas | approvisionnement | transporte | "
            "suministros | اللوجستيات | لوجستيات | النقل",
            "human_services:transit",
            broader="emergency-relief",
        ),
        term(
            30,
            "early-recovery",
            "Early recovery | Relèvement précoce | Recuperación temprana | الإنعاش المبكر",
            "Restoring services, income and local institutions soon after a crisis.",
            "ery | recovery | early recovery and livelihoods | reconstruction | resilience | relèvement | "
            "rétablissement rapide | résilience | recuperación | resiliencia | التعافي المبكر | التعافي",
            "human_services:emergency:disaster_response",
        ),
        term(
            31,
            "emergency-telecommunications",
            "Emergency telecommunications | Télécommunications d'urgence | Telecomunicaciones de "
            "emergencia | الاتصالات في حالات الطوارئ",
            "Communication networks for people and agencies in an emergency.",
            "tel | etc | telecommunications | emergency telecommunication | télécommunications | "
            "connectivité | telecomunicaciones | الاتصالات | اتصالات الطوارئ",
            broader="logistics",
        ),
        term(
            32,
            "coordination",
            "Coordination | Coordination | Coordinación | التنسيق",
            "Coordination of organisations that work in the same place or field.",
            "ccs | coordination and common services | coordination and support services | inter-cluster "
            "coordination | common services | networking | coordination et services communs | "
            "coordination inter-cluster | réseautage | coordinación y servicios comunes | تنسيق | التنسيق "
            "والخدمات المشتركة",
        ),
        term(
            33,
            "refugee-response",
            "Refugee response | Réponse aux réfugiés | Respuesta a refugiados | الاستجابة للاجئين",
            "Assistance to refugees across several sectors at once.",
            "multi-sector | multisector | multi sector | multi-sectoral assistance | multi-sector "
            "refugees | multi | refugee and migrant response | multisectoriel | multi-secteur réfugiés | "
            "multisecteur | multisectorial | multisector refugiados | متعدد القطاعات | الاستجابة للاجئين "
            "والمهاجرين",
        ),
        term(
            34,
            "documentation",
            "Registration and documents | Enregistrement et documents | Registro y documentación | التسجيل والوثائق",
            "Registration, birth and other civil documents, nationality.",
            "registration | civil documentation | civil status documentation | birth registration | "
            "identity documents | nationality | enregistrement | état civil | documentation civile | "
            "pièces d'identité | documents d'identité | registro civil | documentos de identidad | "
            "documentación | documentation | التسجيل | الوثائق | الوثائق المدنية | الأحوال المدنية",
            "human_services:legal:advocacy_legal_aid:identification_recovery",
            broader="legal-aid",
        ),
        term(
            35,
            "information-referral",
            "Information and referral | Information et orientation | Información y derivación | المعلومات والإحالة",
            "Telling people where to turn, case management and referral.",
            "information | referral | referrals | case management | hotline | helpdesk | communication "
            "with communities | gestion de cas | référencement | ligne d'écoute | orientation et "
            "référencement | gestión de casos | derivación | línea de ayuda | الإحالة | معلومات | إدارة "
            "الحالات | خط المساعدة",
            "human_services:care:navigating_the_system:case_management",
        ),
        term(
            36,
            "community-support",
            "Community support | Soutien communautaire | Apoyo comunitario | دعم المجتمع",
            "Community centres, mobilisation and community-based protection.",
            "community-focused protection | community-based protection | community development | "
            "community services | community mobilisation | community mobilization | community centre | "
            "community center | protection à base communautaire | protection communautaire | "
            "développement communautaire | mobilisation communautaire | protección comunitaria | "
            "desarrollo comunitario | الحماية التي تركز على المجتمع | الحماية المجتمعية | تنمية المجتمع | "
            "خدمات المجتمع",
            "human_services:care:support_network",
        ),
        term(
            37,
            "disability-inclusion",
            "Disability inclusion | Inclusion du handicap | Inclusión de la discapacidad | دمج ذوي الإعاقة",
            "Rehabilitation, assistive devices and access for people with disabilities.",
            "disability | disability services | rehabilitation | physical rehabilitation | assistive "
            "devices | accessibility | handicap | réadaptation | rééducation | accessibilité | "
            "discapacidad | rehabilitación | accesibilidad | الإعاقة | إعادة التأهيل",
            "human_services:care:support_network:accessibility",
        ),
        term(
            38,
            "grants",
            "Grants | Subventions | Subvenciones | المنح",
            "Money for organisations and their projects.",
            "funding | grant making | grantmaking | financing | donor | financement | bourses | "
            "financiación | fondos | becas | التمويل | منح",
        ),
        term(
            39,
            "emergency-relief",
            "Emergency relief | Secours d'urgence | Ayuda de emergencia | الإغاثة الطارئة",
            "First help in a crisis, where no narrower service is named.",
            "relief | humanitarian aid | humanitarian assistance | emergency | emergency response | "
            "disaster response | rapid response | rrm | aide humanitaire | assistance humanitaire | "
            "urgence | intervention d'urgence | mécanisme de réponse rapide | ayuda humanitaria | "
            "asistencia humanitaria | emergencia | الإغاثة | المساعدات الإنسانية | الطوارئ",
            "human_services:emergency",
        ),
        term(
            40,
            "solutions-return",
            "Return and reintegration | Retour et réintégration | Retorno y reintegración | العودة وإعادة الإدماج",
            "Voluntary return, reintegration and other durable solutions.",
            "return | voluntary return | voluntary repatriation | reintegration | durable solutions | "
            "retour volontaire | rapatriement volontaire | réintégration | solutions durables | retorno "
            "voluntario | repatriación voluntaria | soluciones duraderas | العودة الطوعية | الحلول "
            "الدائمة | إعادة الإدماج",
        ),
    ],
)
