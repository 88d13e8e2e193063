"""The people whom organisations serve, as the networks name them. Bits and codes never change."""

from __future__ import annotations

from fednet.listing.term import Vocabulary, term

CLIENT_GROUPS = Vocabulary(
    "client group",
    [
        term(
            0,
            "refugees",
            "Refugees | Réfugiés | Refugiados | اللاجئون",
            "People who fled across a border from persecution, conflict or violence.",
            "refugee | recognised refugees | recognized refugees | government-assisted refugees | refs | "
            "réfugié | réfugiées | réfugiés reconnus | refugiado | refugiadas | personas refugiadas | "
            "لاجئون | لاجئين | اللاجئين | لاجئ",
            "human_situations:citizenship:refugees",
        ),
        term(
            1,
            "asylum-seekers",
            "Asylum seekers | Demandeurs d'asile | Solicitantes de asilo | طالبو اللجوء",
            "People whose claim to protection is not decided yet.",
            "asylum seeker | asylum-seeker | refugee claimants | refugee claimant | claimants | demandeur "
            "d'asile | demandeuses d'asile | demandeurs du statut de réfugié | solicitante de asilo | "
            "personas solicitantes de asilo | ملتمسو اللجوء | طالبي اللجوء | ملتمسي اللجوء",
            "human_situations:citizenship:statusless",
        ),
        term(
            2,
            "torture-survivors",
            "Survivors of torture | Survivants de la torture | Sobrevivientes de tortura | الناجون من التعذيب",
            "People who survived torture or other ill-treatment.",
            "torture survivors | torture survivor | victims of torture | survivants de torture | victimes "
            "de torture | víctimas de tortura | supervivientes de tortura | ضحايا التعذيب | الناجين من "
            "التعذيب",
            "human_situations:survivors",
        ),
        term(
            3,
            "trafficked-persons",
            "Trafficked persons | Victimes de la traite | Víctimas de trata | ضحايا الاتجار بالبشر",
            "People who are or were exploited by traffickers.",
            "trafficked people | victims of trafficking | survivors of trafficking | trafficking "
            "survivors | personnes victimes de traite | victimes de traite | personnes victimes de la "
            "traite | víctimas de la trata | personas víctimas de trata | ضحايا الاتجار بالأشخاص | ضحايا "
            "الاتجار",
            "human_situations:survivors:human_trafficking_survivors",
            broader="vulnerable-migrants",
        ),
        term(
            4,
            "internally-displaced",
            "Internally displaced people | Personnes déplacées internes | Desplazados internos | النازحون داخليا",
            "People who had to flee within their own country.",
            "idps | idp | internally displaced | internally displaced persons | displaced people | "
            "displaced | pdi | déplacés internes | déplacés | personnes déplacées | personas desplazadas "
            "internamente | desplazados | النازحون | النازحين | نازحون | النازحين داخليا",
        ),
        term(
            5,
            "stateless",
            "Stateless people | Apatrides | Apátridas | عديمو الجنسية",
            "People whom no state considers as its nationals.",
            "stateless | stateless persons | statelessness | personnes apatrides | apatridie | personas "
            "apátridas | apatridia | عديمي الجنسية | انعدام الجنسية",
            "human_situations:citizenship:statusless",
        ),
        term(
            6,
            "vulnerable-migrants",
            "Migrants in vulnerable situations | Migrants en situation de vulnérabilité | Migrantes en "
            "situación de vulnerabilidad | المهاجرون في أوضاع هشة",
            "People on the move who need protection though no other word fits them.",
            "migrants | migrant | vulnerable migrants | migrant workers | undocumented migrants | "
            "undocumented | irregular migrants | non-status | immigrants | newcomers | migrants "
            "vulnérables | sans-papiers | personnes sans statut | travailleurs migrants | immigrés | "
            "nouveaux arrivants | migrantes | migrantes vulnerables | trabajadores migrantes | "
            "indocumentados | المهاجرون | المهاجرين | مهاجرون | العمال المهاجرون",
            "human_situations:citizenship:immigrants",
        ),
        term(
            7,
            "returnees",
            "Returnees | Rapatriés | Retornados | العائدون",
            "People who went back to the place that they had fled.",
            "returnee | returned refugees | retournés | rapatrié | réfugiés rapatriés | personas "
            "retornadas | العائدين | عائدون",
        ),
        term(
            8,
            "children",
            "Children | Enfants | Niños | الأطفال",
            "People under eighteen.",
            "child | minors | boys and girls | girls | boys | kids | infants | enfant | mineurs | filles "
            "et garçons | niñas y niños | niños y niñas | niñez | infancia | menores | أطفال | طفل | "
            "القاصرون",
            "human_situations:age_group:children",
        ),
        term(
            9,
            "unaccompanied-minors",
            "Unaccompanied minors | Mineurs non accompagnés | Menores no acompañados | القاصرون غير المصحوبين",
            "Children without a parent or other adult responsible for them, and children separated from them.",
            "unaccompanied children | unaccompanied and separated children | unaccompanied child | "
            "unaccompanied minor | uasc | uam | separated children | unaccompanied or separated child | "
            "mna | mineur non accompagné | enfants non accompagnés | enfants non accompagnés et séparés | "
            "ena | enas | niños no acompañados | niñas y niños no acompañados | mena | nna no acompañados "
            "| أطفال غير مصحوبين | الأطفال غير المصحوبين | الأطفال غير المصحوبين والمنفصلين | الطفل الغير "
            "المصحوب أو المنفصل (uasc)",
            "human_situations:age_group:children",
            broader="children",
        ),
        term(
            10,
            "youth",
            "Youth | Jeunes | Jóvenes | الشباب",
            "Young people, roughly fifteen to twenty-five.",
            "young people | young adults | adolescents | teenagers | jeunesse | jeune | adolescentes | "
            "juventud | personas jóvenes | شباب | اليافعون | المراهقون",
            "human_situations:age_group:young_adults",
        ),
        term(
            11,
            "women",
            "Women | Femmes | Mujeres | النساء",
            "Women, and women with their families.",
            "woman | woman at risk | women at risk | women and girls | refugee women | single mothers | "
            "femme | femmes à risque | femmes et filles | mujer | mujeres en riesgo | mujeres y niñas | "
            "نساء | المرأة | امرأة في خطر | النساء والفتيات",
            "human_situations:gender:women",
        ),
        term(
            12,
            "lgbtiq",
            "LGBTIQ+ people | Personnes LGBTIQ+ | Personas LGBTIQ+ | أفراد مجتمع الميم",
            "Lesbian, gay, bisexual, transgender, intersex and queer people.",
            "lgbt | lgbtq | lgbti | lgbtiq | lgbtiq+ | lgbtq+ | lgbtqi | lgbtqi+ | lgbtqia+ | 2slgbtqi+ | "
            "2slgbtqia+ | sogiesc | sogi | queer | transgender | gay and lesbian | personnes lgbt | "
            "diversité sexuelle | diversidad sexual | personas lgbt | مجتمع الميم | المثليون",
            "human_situations:gender",
        ),
        term(
            13,
            "people-with-disabilities",
            "People with disabilities | Personnes handicapées | Personas con discapacidad | الأشخاص ذوو الإعاقة",
            "People with physical, sensory, intellectual or psychosocial disabilities.",
            "persons with disabilities | pwd | pwds | disabled people | disability | disabilities | "
            "serious medical condition | personnes en situation de handicap | psh | handicap | personnes "
            "vivant avec un handicap | discapacidad | personas discapacitadas | ذوو الإعاقة | ذوي الإعاقة "
            "| إعاقة | الأشخاص ذوي الإعاقة | ذوو الاحتياجات الخاصة",
            "human_situations:disability",
        ),
        term(
            14,
            "people-in-detention",
            "People in detention | Personnes en détention | Personas detenidas | المحتجزون",
            "People held in immigration detention or prison.",
            "detainees | detained | immigration detainees | people detained | persons in detention | "
            "prisoners | détenus | personnes détenues | personnes retenues | detenidos | personas en "
            "detención | personas privadas de libertad | المحتجزين | المعتقلون | السجناء",
            "human_situations:criminal_history:prisoners",
        ),
        term(
            15,
            "older-people",
            "Older people | Personnes âgées | Personas mayores | كبار السن",
            "Older people.",
            "elderly | older persons | older person at risk | seniors | aînés | personnes agées | tercera "
            "edad | adultos mayores | المسنون | مسن في خطر",
            "human_situations:age_group:seniors",
        ),
        term(
            16,
            "violence-survivors",
            "Survivors of gender-based violence | Survivants de violences basées sur le genre | "
            "Sobrevivientes de violencia de género | الناجون من العنف القائم على النوع الاجتماعي",
            "People who survived gender-based or domestic violence.",
            "gbv survivors | survivors of sgbv | sgbv | survivors of violence | domestic violence "
            "survivors | survivantes de vbg | victimes de violences | victimes de vbg | víctimas de "
            "violencia | sobrevivientes de vbg | ضحايا العنف الجنسي والقائم على نوع الجنس | الناجيات من "
            "العنف",
            "human_situations:survivors",
        ),
        term(
            17,
            "host-communities",
            "Host communities | Communautés d'accueil | Comunidades de acogida | المجتمعات المضيفة",
            "People who live where displaced people arrive.",
            "host community | local communities | general public | communautés hôtes | communauté "
            "d'accueil | population hôte | populations hôtes | comunidad de acogida | comunidades "
            "receptoras | المجتمع المضيف | المجتمعات المحلية",
        ),
        term(
            18,
            "families",
            "Families | Familles | Familias | الأسر",
            "Families as a whole, single parents among them.",
            "family | single parents | single parent or caregiver | parents | famille | parents seuls | "
            "ménages | familia | padres | hogares | العائلات | الأسرة | الوالد الوحيد أو مقدم الرعاية",
            "human_situations:household:families",
        ),
    ],
)
