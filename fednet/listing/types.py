"""The smaller vocabularies: types of organisations, groups, events, exchanges and resources; states; outcomes.

Organisation types take in those of HDX (OCHA organisation types 431 to 447). Event statuses are those of RFC 5545,
3.8.1.11, in lower case. Bits and codes never change.
"""

from __future__ import annotations

from fednet.listing.term import Vocabulary, term

ORGANIZATION_TYPES = Vocabulary(
    "organisation type",
    [
        term(
            0,
            "ngo",
            "NGO | ONG | ONG | منظمة غير حكومية",
            "A non-governmental organisation.",
            "non-governmental organisation | non-governmental organization | non-profit | nonprofit | "
            "charity | association | organisation non gouvernementale | organización no gubernamental | "
            "asociación | organisme sans but lucratif | osbl | المنظمات غير الحكومية | جمعية | جمعية "
            "خيرية",
        ),
        term(
            1,
            "refugee-led",
            "Refugee-led organisation | Organisation dirigée par des réfugiés | Organización dirigida por "
            "refugiados | منظمة يقودها لاجئون",
            "An organisation led by refugees or other displaced people, by its own word.",
            "rlo | refugee-led organization | refugee led | refugee community organisation | organisation "
            "de réfugiés | organización de refugiados",
        ),
        term(
            2,
            "legal-firm",
            "Legal aid or pro bono firm | Cabinet d'aide juridique ou pro bono | Bufete de asistencia "
            "jurídica o pro bono | مكتب مساعدة قانونية أو محاماة تطوعية",
            "A law firm, clinic or legal aid body.",
            "legal aid firm | legal-aid-firm | pro bono firm | law firm | legal aid organisation | legal "
            "aid organization | legal aid clinic | law clinic | bar association | cabinet d'avocats | "
            "clinique juridique | bufete | clínica jurídica | مكتب محاماة | نقابة المحامين",
        ),
        term(
            3,
            "research-institute",
            "Research institute | Institut de recherche | Instituto de investigación | معهد أبحاث",
            "A university, research institute or think tank.",
            "academic / research | academic and research institution | academic | academia | university | "
            "research | think tank | université | institution académique / recherche | institution "
            "académique | universidad | academia e investigación | جامعة | مركز أبحاث",
        ),
        term(
            4,
            "faith-group",
            "Faith group | Groupe confessionnel | Grupo religioso | مجموعة دينية",
            "A congregation or other religious body.",
            "religious | faith-based organisation | faith-based organization | faith based | fbo | church "
            "| diocese | religious organization | groupe religieux | religieux | organisation "
            "confessionnelle | église | iglesia | religiosa | organización religiosa | دينية | كنيسة",
        ),
        term(
            5,
            "un-agency",
            "UN agency | Agence des Nations Unies | Agencia de las Naciones Unidas | وكالة تابعة للأمم المتحدة",
            "An agency, fund or programme of the United Nations.",
            "united nations | un | agence un | agences un | agence onu | nations unies | agencias onu | "
            "naciones unidas | onu | وكالة أممية | الأمم المتحدة",
        ),
        term(
            6,
            "state-body",
            "State body | Organisme public | Organismo público | جهة حكومية",
            "A ministry, municipality, court, human rights institution or other public body.",
            "government | governmental | govt | ministry | municipality | public authority | national "
            "human rights institution | nhri | human rights institution | entité gouvernementale | "
            "gouvernement | ministère | gobierno | ministerio | حكومة | حكومي | وزارة",
        ),
        term(
            7,
            "funder",
            "Funder | Bailleur de fonds | Financiador | جهة مانحة",
            "A foundation or donor.",
            "donor | foundation | donors | philanthropy | grant maker | bailleur | donateur | fondation | "
            "donante | fundación | مانح | مؤسسة مانحة",
        ),
        term(
            8,
            "network",
            "Network | Réseau | Red | شبكة",
            "A network, council or umbrella of organisations.",
            "umbrella organisation | umbrella organization | coalition | council | consortium | "
            "federation | alliance | forum | réseaux | fédération | plateforme | coalición | consorcio | "
            "federación | plataforma | تحالف | اتحاد",
        ),
        term(
            9,
            "national-ngo",
            "National NGO | ONG nationale | ONG nacional | منظمة غير حكومية وطنية",
            "A non-governmental organisation of one country.",
            "nngo | nngos | lngo | local ngo | local and national ngo | ong nationales | ong locale | "
            "national non-governmental organisation | منظمة وطنية | منظمة محلية | ong local",
        ),
        term(
            10,
            "international-ngo",
            "International NGO | ONG internationale | ONG internacional | منظمة غير حكومية دولية",
            "A non-governmental organisation that works in many countries.",
            "ingo | ingos | international non-governmental organisation | ongi | ong internationales | "
            "منظمة دولية غير حكومية",
        ),
        term(
            11,
            "international-organization",
            "International organisation | Organisation internationale | Organización internacional | منظمة دولية",
            "An intergovernmental organisation outside the United Nations.",
            "international organization | io | igo | intergovernmental organisation | intergovernmental "
            "organization | regional organisation | organisation intergouvernementale | organización "
            "intergubernamental | منظمة حكومية دولية",
        ),
        term(
            12,
            "red-cross-red-crescent",
            "Red Cross or Red Crescent | Croix-Rouge ou Croissant-Rouge | Cruz Roja o Media Luna Roja | "
            "الصليب الأحمر أو الهلال الأحمر",
            "A society or body of the Red Cross and Red Crescent Movement.",
            "red cross / red crescent | red cross | red crescent | red cross and red crescent | red cross "
            "red crescent movement | rcrc | mouvement de la croix rouge | mouvement croix rouge | croix "
            "rouge | croissant rouge | croix-rouge / croissant-rouge | cruz roja | media luna roja | "
            "الهلال الأحمر | الصليب الأحمر",
        ),
        term(
            13,
            "private-sector",
            "Private sector | Secteur privé | Sector privado | القطاع الخاص",
            "A company.",
            "company | business | corporate | private | entreprise | privé | empresa | privado | شركة",
        ),
        term(
            14,
            "military",
            "Military | Militaire | Militar | جهة عسكرية",
            "Armed forces or police.",
            "armed forces | police | military / police | forces armées | fuerzas armadas | القوات المسلحة",
        ),
        term(
            15,
            "civil-society",
            "Civil society organisation | Organisation de la société civile | Organización de la sociedad "
            "civil | منظمة مجتمع مدني",
            "A community group or other civil society organisation.",
            "civil society | cso | cbo | community-based organisation | community based organization | "
            "community group | grassroots | société civile | osc | organisation communautaire | "
            "organisation à base communautaire | obc | sociedad civil | organización comunitaria | "
            "المجتمع المدني | منظمة مجتمعية",
        ),
        term(
            16,
            "development-programme",
            "Development programme | Programme de développement | Programa de desarrollo | برنامج تنموي",
            "A development programme or bank.",
            "development program | development agency | development bank | agence de développement | "
            "agencia de desarrollo",
        ),
        term(
            17,
            "media",
            "Media | Médias | Medios de comunicación | وسائل الإعلام",
            "A newspaper, broadcaster or other medium.",
            "press | journalism | média | presse | medios | prensa | إعلام",
        ),
        term(
            18,
            "observer",
            "Observer | Observateur | Observador | مراقب",
            "An observer without part in operations.",
            "observers | observateurs | observadores",
        ),
        term(
            19,
            "other",
            "Other | Autre | Otro | أخرى",
            "None of the others.",
            "others | autres | otros | otra | غير ذلك | أخرون",
        ),
    ],
)

GROUP_TYPES = Vocabulary(
    "group type",
    [
        term(
            0,
            "working-group",
            "Working group | Groupe de travail | Grupo de trabajo | فريق عمل",
            "Members who work on one subject.",
            "wg | task force | thematic group | groupe thématique | grupo temático | مجموعة عمل",
        ),
        term(
            1,
            "committee",
            "Committee | Comité | Comité | لجنة",
            "An executive, steering or other committee.",
            "executive committee | steering committee | board | executive | comité exécutif | comité "
            "directeur | conseil d'administration | comité ejecutivo | junta directiva | اللجنة التنفيذية "
            "| مجلس",
        ),
        term(
            2,
            "youth-network",
            "Youth network | Réseau des jeunes | Red de jóvenes | شبكة الشباب",
            "The young people of a network.",
            "youth group | réseau jeunesse | réseau jeunes | red juvenil",
        ),
        term(
            3,
            "national-network",
            "National network | Réseau national | Red nacional | شبكة وطنية",
            "A national network inside a regional one.",
            "country network | national chapter | chapter | sub-network | section nationale | capítulo nacional",
        ),
        term(
            4,
            "caucus",
            "Caucus | Caucus | Caucus | تكتل",
            "Members who share a place or an identity.",
            "regional caucus | interest group | groupe d'intérêt",
        ),
        term(
            5,
            "other",
            "Other | Autre | Otro | أخرى",
            "None of the others.",
            "group | groupe | grupo | مجموعة",
        ),
    ],
)

EVENT_TYPES = Vocabulary(
    "event type",
    [
        term(
            0,
            "webinar",
            "Webinar | Webinaire | Seminario web | ندوة عبر الإنترنت",
            "A talk that people join by computer or telephone.",
            "online seminar | web seminar | webcast | livestream | séminaire en ligne | webinario | "
            "seminario en línea | ويبينار",
        ),
        term(
            1,
            "virtual-meeting",
            "Virtual meeting | Réunion virtuelle | Reunión virtual | اجتماع افتراضي",
            "A meeting that takes place online only.",
            "online meeting | conference call | teleconference | video call | réunion en ligne | "
            "téléconférence | reunión en línea | teleconferencia | اجتماع عبر الإنترنت",
        ),
        term(
            2,
            "working-group-meeting",
            "Working-group meeting | Réunion de groupe de travail | Reunión de grupo de trabajo | اجتماع فريق العمل",
            "A meeting of a working group.",
            "working group | wg meeting | committee meeting | réunion du groupe de travail | groupe de "
            "travail | réunion de comité | grupo de trabajo | اجتماع مجموعة العمل",
        ),
        term(
            3,
            "consultation",
            "Consultation | Consultation | Consulta | مشاورة",
            "A consultation of members, often over several days.",
            "national consultation | regional consultation | sub-regional consultation | spring "
            "consultation | fall consultation | consultations | consultation nationale | consultation "
            "régionale | consulta nacional | consulta regional | مشاورات",
        ),
        term(
            4,
            "conference",
            "Conference | Conférence | Conferencia | مؤتمر",
            "A conference.",
            "congress | summit | forum | symposium | congrès | sommet | colloque | congreso | cumbre | "
            "foro | simposio | قمة | منتدى",
        ),
        term(
            5,
            "workshop",
            "Workshop | Atelier | Taller | ورشة عمل",
            "A session in which people work together.",
            "work session | ateliers | séance de travail | talleres | ورشة",
        ),
        term(
            6,
            "caucus",
            "Caucus | Caucus | Caucus | اجتماع تكتل",
            "A session of members who share a place or an identity.",
            "caucus session | regional caucus",
        ),
        term(
            7,
            "general-meeting",
            "General meeting | Assemblée générale | Asamblea general | اجتماع الجمعية العامة",
            "The general meeting of the members.",
            "agm | annual general meeting | general assembly | assembly | assemblée générale annuelle | "
            "aga | assemblée | asamblea | asamblea general anual | الجمعية العامة | الجمعية العمومية",
        ),
        term(
            8,
            "roundtable",
            "Roundtable | Table ronde | Mesa redonda | مائدة مستديرة",
            "A discussion among a few who are invited.",
            "round table | panel | panel discussion | mesa de diálogo | طاولة مستديرة | حلقة نقاش",
        ),
        term(
            9,
            "youth-gathering",
            "Youth gathering | Rassemblement de jeunes | Encuentro de jóvenes | ملتقى الشباب",
            "A gathering of the youth network.",
            "youth meeting | youth camp | youth forum | rencontre de jeunes | rassemblement jeunesse | "
            "encuentro juvenil | لقاء الشباب",
        ),
        term(
            10,
            "training",
            "Training | Formation | Formación | تدريب",
            "A course or other training.",
            "course | short course | tutorial | e-learning | cours | curso | capacitación | دورة تدريبية | دورة",
        ),
        term(
            11,
            "meeting",
            "Meeting | Réunion | Reunión | اجتماع",
            "A meeting of no narrower kind.",
            "event | gathering | session | other | rencontre | événement | séance | autre | encuentro | "
            "evento | sesión | otro | لقاء | فعالية | جلسة",
        ),
    ],
)

EVENT_STATUSES = Vocabulary(
    "event status",
    [
        term(
            0,
            "tentative",
            "Tentative | Provisoire | Provisional | مبدئي",
            "Planned, not yet certain.",
            "planned | to be confirmed | tbc | à confirmer | por confirmar | prévu",
        ),
        term(
            1,
            "confirmed",
            "Confirmed | Confirmé | Confirmado | مؤكد",
            "Will take place.",
            "definite | scheduled | fixed | certain",
        ),
        term(
            2,
            "cancelled",
            "Cancelled | Annulé | Cancelado | ملغى",
            "Will not take place.",
            "canceled | called off | annulée | cancelada | ملغاة",
        ),
    ],
)

EVENT_MODES = Vocabulary(
    "event mode",
    [
        term(
            0,
            "in-person",
            "In person | En personne | Presencial | حضوري",
            "Everybody meets in one place.",
            "onsite | on site | offline | face to face | présentiel | en présentiel | en persona | حضوريا",
        ),
        term(
            1,
            "online",
            "Online | En ligne | En línea | عبر الإنترنت",
            "Everybody joins by computer or telephone.",
            "virtual | remote | by phone | web | zoom | à distance | virtuel | distanciel | a distancia | "
            "افتراضي | عن بعد",
        ),
        term(
            2,
            "hybrid",
            "Hybrid | Hybride | Híbrido | مختلط",
            "Some meet in one place, others join from afar.",
            "mixed | blended | mixte | bimodal | mixto | هجين",
        ),
    ],
)

EXCHANGE_TYPES = Vocabulary(
    "exchange type",
    [
        term(
            0,
            "need",
            "Need | Besoin | Necesidad | حاجة",
            "Something that an organisation looks for.",
            "needs | request | requests | wanted | we need | needed | looking for | we look for | seeking | sought | "
            "besoins | demande | demandes | nous cherchons | cherche | recherche | on cherche | nous avons besoin de | "
            "necesidades | solicitud | solicitudes | buscamos | se busca | necesitamos | busca | "
            "احتياج | احتياجات | طلب | مطلوب | نحتاج | نبحث عن",
        ),
        term(
            1,
            "offer",
            "Offer | Offre | Oferta | عرض",
            "Something that an organisation can give.",
            "offers | opportunity | opportunities | offered | we offer | offering | available from us | can give | "
            "opportunité | opportunités | offres | nous offrons | nous proposons | propose | proposition | "
            "ofertas | oportunidad | oportunidades | ofrecemos | se ofrece | ofrece | "
            "فرصة | فرص | عروض | نقدم | نعرض",
        ),
        term(
            2,
            "funding",
            "Funding | Financement | Financiación | تمويل",
            "A source of money.",
            "fund | grant | funding source | subvention | source de financement | financiamiento | fondos "
            "| subvención | منحة",
        ),
    ],
)

MODALITIES = Vocabulary(
    "kind of exchange",
    [
        term(
            0,
            "twinning",
            "Twinning | Jumelage | Hermanamiento | توأمة",
            "Two organisations that work as partners for a year or so.",
            "partnership | pairing | partenariat | asociación | شراكة",
        ),
        term(
            1,
            "secondment",
            "Secondment | Détachement | Comisión de servicio | إعارة",
            "Staff of one organisation work at another.",
            "staff exchange | loan of staff | échange de personnel | adscripción | intercambio de personal",
        ),
        term(
            2,
            "study-visit",
            "Study visit | Visite d'étude | Visita de estudio | زيارة دراسية",
            "A visit to learn how others work.",
            "study tour | exchange visit | voyage d'étude | visite d'échange | visita de intercambio",
        ),
        term(
            3,
            "training",
            "Training | Formation | Formación | تدريب",
            "A course or training.",
            "course | workshop | cours | atelier | capacitación | curso | دورة",
        ),
        term(
            4,
            "placement",
            "Placement | Stage | Pasantía | تدريب عملي",
            "A person works for a time at another organisation to learn.",
            "internship | fellowship | volunteer placement | work placement | bourse | prácticas | beca",
        ),
        term(
            5,
            "mentoring",
            "Mentoring | Mentorat | Mentoría | إرشاد",
            "Someone experienced advises, from time to time.",
            "mentorship | coaching | advice | peer support | accompagnement | tutoría | توجيه",
        ),
        term(
            6,
            "list",
            "List to join | Liste à rejoindre | Lista a la que unirse | قائمة للانضمام",
            "A mailing list or newsletter that can be joined.",
            "list to join | mailing list | e-mail list | newsletter | listserv | liste de diffusion | "
            "liste de discussion | lista de correo | قائمة بريدية",
        ),
        term(
            7,
            "conference",
            "Conference to attend | Conférence à suivre | Conferencia a la que asistir | مؤتمر للحضور",
            "A conference or consultation that can be attended.",
            "conference to attend | conference | event to attend | conférence | conferencia | مؤتمر",
        ),
    ],
)

STAGES = Vocabulary(
    "stage",
    [
        term(
            0,
            "traditional",
            "Traditional resettlement country | Pays de réinstallation traditionnel | País de "
            "reasentamiento tradicional | بلد إعادة توطين تقليدي",
            "A country that has resettled refugees for decades.",
            "traditional country | established | traditionnel | tradicional | تقليدي",
        ),
        term(
            1,
            "new",
            "New resettlement country | Nouveau pays de réinstallation | Nuevo país de reasentamiento | "
            "بلد إعادة توطين جديد",
            "A country that began to resettle refugees lately.",
            "new country | nouveau | nuevo | جديد",
        ),
        term(
            2,
            "emerging",
            "Emerging resettlement country | Pays de réinstallation émergent | País de reasentamiento "
            "emergente | بلد إعادة توطين ناشئ",
            "A country that prepares to resettle refugees.",
            "emerging country | émergent | emergente | ناشئ",
        ),
    ],
)

EXCHANGE_STATES = Vocabulary(
    "exchange state",
    [
        term(
            0,
            "open",
            "Open | Ouvert | Abierto | مفتوح",
            "Still looked for or offered.",
            "active | available | new | actif | disponible | ouverte | abierta | activo | متاح",
        ),
        term(
            1,
            "introduced",
            "Introduced | Mis en relation | En contacto | تم التعارف",
            "Both sides were put in touch.",
            "in contact | in touch | pending | en contact | en cours | pendiente",
        ),
        term(
            2,
            "matched",
            "Matched | Apparié | Emparejado | تمت المطابقة",
            "Both sides agreed to work together.",
            "met | agreed | accepted | accepté | satisfait | acordado | aceptado",
        ),
        term(
            3,
            "closed",
            "Closed | Fermé | Cerrado | مغلق",
            "No longer looked for or offered.",
            "done | ended | expired | withdrawn | clos | terminé | fermée | cerrada | terminado | منته",
        ),
    ],
)

EXCHANGE_OUTCOMES = Vocabulary(
    "outcome",
    [
        term(
            0,
            "met",
            "Met | Satisfait | Satisfecha | تمت التلبية",
            "What was needed was found, or what was offered was taken, through this exchange.",
            "found | fulfilled | solved | yes | taken up | trouvé | comblé | resuelta | cubierta | encontrado | لُبّي",
        ),
        term(
            1,
            "partly-met",
            "Partly met | Satisfait en partie | Satisfecha en parte | تمت التلبية جزئيا",
            "A part of it was found or taken through this exchange.",
            "partially met | partly | partially | in part | partiellement | en partie | partiellement satisfait | "
            "parcialmente | en parte | جزئيا",
        ),
        term(
            2,
            "met-elsewhere",
            "Met elsewhere | Satisfait ailleurs | Satisfecha por otra vía | تمت التلبية من جهة أخرى",
            "It was found or taken in another way.",
            "elsewhere | found elsewhere | ailleurs | trouvé ailleurs | en otro lugar | por otra vía | من جهة أخرى",
        ),
        term(
            3,
            "not-met",
            "Not met | Non satisfait | No satisfecha | لم تتم التلبية",
            "Nothing was found, or nobody took it.",
            "unmet | not found | nothing found | no | non comblé | rien trouvé | sin respuesta | لم يلب",
        ),
        term(
            4,
            "no-longer-needed",
            "No longer needed | Plus nécessaire | Ya no hace falta | لم يعد مطلوبا",
            "It is not needed, or not offered, any more.",
            "not needed | cancelled | no longer offered | withdrawn | plus besoin | annulé | ya no se necesita | "
            "cancelada | ملغى",
        ),
    ],
)

RESOURCE_TYPES = Vocabulary(
    "resource type",
    [
        term(
            0,
            "recording",
            "Recording | Enregistrement | Grabación | تسجيل",
            "A recording of a webinar or meeting.",
            "video | audio | webinar recording | podcast | vidéo | vídeo | فيديو",
        ),
        term(
            1,
            "guide",
            "Guide | Guide | Guía | دليل",
            "A practical guide or list of questions and answers.",
            "faq | practical guide | toolkit | how-to | tip sheet | factsheet | foire aux questions | "
            "guide pratique | trousse | boîte à outils | preguntas frecuentes | caja de herramientas",
        ),
        term(
            2,
            "handbook",
            "Handbook | Manuel | Manual | كتيب",
            "A handbook or manual.",
            "manual | textbook | training manual",
        ),
        term(
            3,
            "policy",
            "Policy | Politique | Política | سياسة",
            "A policy or position that the network adopted.",
            "bylaws | position paper | policy paper | code of conduct | règlement | statuts | estatutos | موقف",
        ),
        term(
            4,
            "resolution",
            "Resolution | Résolution | Resolución | قرار",
            "A resolution that members passed.",
            "resolutions | motion",
        ),
        term(
            5,
            "newsletter",
            "Newsletter | Bulletin | Boletín | نشرة إخبارية",
            "A periodical: newsletter, chronicle, quarterly update.",
            "bulletin | chronicle | quarterly update | update | infolettre | chronique | boletín informativo | نشرة",
        ),
        term(
            6,
            "list",
            "List to join | Liste à rejoindre | Lista a la que unirse | قائمة للانضمام",
            "A mailing list that can be joined.",
            "mailing list | e-mail list | listserv | discussion list | liste de diffusion | lista de "
            "correo | قائمة بريدية",
        ),
        term(
            7,
            "report",
            "Report | Rapport | Informe | تقرير",
            "A report, study or submission.",
            "study | research paper | submission | brief | briefing | étude | mémoire | estudio | reporte | دراسة",
        ),
        term(
            8,
            "other",
            "Other | Autre | Otro | أخرى",
            "None of the others.",
            "document | link | autres | otros",
        ),
    ],
)

TWINNING_STATES = Vocabulary(
    "twinning state",
    [
        term(
            0,
            "planned",
            "Planned | Prévu | Previsto | مخطط له",
            "The two agreed on it and have not begun.",
            "agreed | to come | upcoming | à venir | planifié | planificado | acordado | قادم",
        ),
        term(
            1,
            "active",
            "Under way | En cours | En curso | جار",
            "The two work together.",
            "ongoing | running | current | in progress | actif | activo | en marcha | نشط",
        ),
        term(
            2,
            "ended",
            "Ended | Terminé | Terminado | منته",
            "It is over.",
            "finished | done | completed | closed | over | fini | achevé | concluido | finalizado | مكتمل",
        ),
    ],
)
