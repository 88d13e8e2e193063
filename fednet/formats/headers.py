"""What columns are called: for each kind of record the fields of a table, how a cell is read, and their headers.

A line `field: shape` begins a field; the lines below it are its headers in English, French, Spanish, Portuguese and
Arabic, separated by commas. Case, accents and punctuation do not count. What a shape means is in `values`.
"""

from __future__ import annotations

TABLES = {
    "organization": """
source: text
    id, identifier, organization id, organisation id, org id, member id, member number, numéro de membre,
    reference, ref, handle
names: translated
    name, names, nom, nombre, nome, الاسم, اسم, organization, organisation, organización, organização,
    organizacion, organizacao, المنظمة, اسم المنظمة, الجهة, organization name, organisation name, name of
    organization, name of organisation, name of the organization, name of the organisation, nom de l
    organisation, nom de l organisme, organisme, nom organisation, nombre de la organización, nome da
    organização, org name, org, partner, partner name, partenaire, nom du partenaire, socio, parceiro, الشريك,
    اسم الشريك, agency, agency name, agence, ngo, ong, member, member name, member organization, member
    organisation, membre, miembro, membro, العضو, association, entity, institution, canonical name, full name,
    official name, legal name, implementing partner, service provider, provider
acronym: text
    acronym, acronyme, sigle, sigla, acrónimo, acrônimo, siglas, abbreviation, abréviation, org acronym,
    organization acronym, organisation acronym, short name, الاختصار, اختصار, المختصر
former_names: texts
    former names, former name, previous name, previously known as, formerly, ancien nom, anciens noms, nombre
    anterior, nomes anteriores, الاسم السابق, other names, autres noms
description: translated
    description, about, mission, summary, overview, descripción, descrição, présentation, الوصف, وصف, remarks,
    details
website: url
    website, web site, site web, site internet, site, url, web, webpage, homepage, sitio web, página web, الموقع
    الإلكتروني, الموقع, web address, link, lien
identifiers: identifiers
    identifiers, registration number, registration, charity number, numéro d enregistrement, número de registro,
    رقم التسجيل, org identifier
type: organization-type
    type, organization type, organisation type, type of organization, type of organisation, type d organisation,
    type organisation, type organization, org type, org type name, org type description, tipo, tipo de
    organización, tipo de organização, نوع المنظمة, النوع, kind of organization, kind of organisation, partner
    type, agency type
seat.country: country
    country, pays, país, pais, البلد, الدولة, country of seat, seat country, country name, nom du pays, country
    code, code pays
seat.place: text
    place, city, town, city town, ville, ciudad, cidade, localidad, lieu, lugar, المدينة, المكان, seat, seat
    place, siège, sede, headquarters, head office, municipality
seat.latitude_e6: degrees
    latitude, lat, latitud
seat.longitude_e6: degrees
    longitude, lon, lng, long, longitud
countries: countries
    countries, countries served, countries of operation, country of operation, operating countries, pays d
    intervention, pays desservis, países, países atendidos, países de operación, البلدان, الدول, location code,
    countries and regions served, regions served, region served, iso3, country iso3, admin0 name,
    adm0 name, admin0 code, adm0 pcode
services: services
    services, service, services offered, services provided, offered services, services offerts, servicios,
    servicio, servicios ofrecidos, serviços, الخدمات, الخدمة, sector, sectors, secteur, secteurs, sector name,
    sector code, setor, setores, sectores, القطاع, القطاعات, cluster, clusters, activity category, category of
    activity, areas of work, area of work, domaines d intervention, domaine d activité, areas of expertise, فئة
    النشاط, thematic areas, working areas, what they do, what we do, offers, help offered
client_groups: client-groups
    client groups, client group, clients, target client group, target group, target groups, population,
    populations, public cible, population cible, groupes cibles, groupe cible, clientèle, población objetivo,
    grupo meta, grupos meta, población, público-alvo, beneficiaries, bénéficiaires, beneficiarios,
    beneficiários, الفئات المستهدفة, الفئة المستهدفة, المستفيدون
languages: languages
    languages, language, langues, langue, langues parlées, idiomas, idioma, lenguas, línguas, اللغات, اللغة,
    languages spoken, spoken languages
membership.category: text
    membership category, membership, member category, membership type, member type, catégorie de membre,
    categoría de miembro, فئة العضوية, status, statut
membership.since: date
    member since, membership since, joined, join date, date joined, membre depuis, depuis, miembro desde, membro
    desde, desde, عضو منذ, منذ
membership.until: date
    member until, membership until, membership expires, expires, expiry, membre jusqu au, jusqu au, miembro
    hasta, hasta, membro até, até, عضو حتى, حتى
refugee_led: boolean
    refugee led, refugee led organization, rlo, dirigée par des réfugiés, dirigida por refugiados, بقيادة
    اللاجئين
activity: text
    activity, activity name, activité, actividad, atividade, النشاط, اسم النشاط, project, projet, intervention,
    proyecto
area: text
    area, region, région, región, região, المنطقة, province, provinces, provincia, المحافظة, governorate, state,
    état, estado, admin1, admin1 name, adm1, adm1 name, adm1 en, adm1 fr, provider admin1 name, location,
    location name, department, département, departement, departamento, localisation
district: text
    district, admin2, admin2 name, adm2, adm2 name, provider admin2 name, localité, localite, locality, commune,
    camp, site name, sub district, county
area_code: area-code
    pcode, p code, region pcode, district pcode, admin1 code, admin2 code, adm1 pcode, adm2 pcode, admin1 pcode,
    admin2 pcode, code province
contact.emails: emails
    emails, email, e mail, mail, courriel, adresse courriel, adresse électronique, correo, correo electrónico,
    البريد الإلكتروني, البريد الالكتروني, email address, contact email
contact.phones: phones
    phones, phone, telephone, tel, téléphone, teléfono, telefone, الهاتف, رقم الهاتف, phone number, mobile,
    contact phone
contact.address: text
    address, adresse, dirección, direccion, endereço, العنوان, street, street address, postal address, adresse
    postale, mailing address
contact.hours: text
    hours, opening hours, office hours, heures d ouverture, horaires, horario, ساعات العمل
contact.person: text
    contact, contact person, contact name, personne contact, personne ressource, persona de contacto, pessoa de
    contato, جهة الاتصال, focal point, point focal, director, directrice, directeur, executive director
original: text
    original, original language
confirmed: json
    confirmed
extra: json
    extra
groups: texts
    groups, working groups, groupes de travail, grupos de trabajo
""",
    "event": """
source: text
    id, event id, reference, ref, handle
uid: text
    uid
titles: translated
    titles, title, titre, intitulé, título, titulo, العنوان, name, nom, nombre, nome, الاسم, event, event name,
    événement, evento, subject, summary
type: event-type
    type, kind of event, event type, type d événement, tipo, tipo de evento, النوع, category, catégorie,
    categoría, categoria, format
start: moment
    start, starts, start date, begin, begins, date, from, début, debut, date de début, du, inicio, fecha, fecha
    de inicio, data, data de início, البداية, تاريخ البدء, التاريخ, date and time, dtstart, when, day
start_time: time
    start time, time, heure, heure de début, hora, hora de inicio, الوقت, begins at
end: moment
    end, ends, end date, to, until, fin, date de fin, au, hasta, fecha de fin, fim, data de fim, النهاية, تاريخ
    الانتهاء, dtend
end_time: time
    end time, heure de fin, hora de fin, ends at
zone: zone
    zone, time zone, timezone, tz, fuseau horaire, fuseau, zona horaria, fuso horário, المنطقة الزمنية
all_day: boolean
    all day, toute la journée, todo el día, طوال اليوم
rrule: text
    rrule, recurrence, récurrence, recurrencia
exdates: texts
    exdates, except, sauf
rdates: texts
    rdates
overrides: json
    overrides
status: event-status
    status, statut, état, estado, الحالة
sequence: integer
    sequence
mode: event-mode
    mode, modality, attendance, in person or online, modalité, modalidad
place: text-or-json
    place, location, venue, lieu, endroit, lugar, local, المكان, city, ville, ciudad, cidade, المدينة
join_url: url
    join url, join, joining address, meeting link, zoom, zoom link, link to join, lien de connexion, enlace,
    رابط الانضمام
registration_url: url
    registration url, registration, register, registration link, inscription, lien d inscription, registro,
    inscripción, التسجيل
website: url
    website, web site, web page, page, url, link, lien, site web, sitio web, página web, الموقع
description: translated
    description, about, mission, summary, overview, descripción, descrição, présentation, الوصف, وصف, remarks,
    details
audience: texts
    audience, public, for whom, الجمهور
languages: languages
    languages, language, langues, langue, langues parlées, idiomas, idioma, lenguas, línguas, اللغات, اللغة,
    languages spoken, spoken languages
themes: themes
    themes, theme, topics, topic, thèmes, thème, sujets, temas, tema, المواضيع, الموضوع, subjects, subject
hosts: texts
    hosts, host, organizer, organiser, organized by, organised by, organisateur, hôte, hôtes, organizador,
    anfitrión, المنظم
convenors: texts
    convenors, convenor, convener, conveners
speakers: texts
    speakers, speaker, panelists, intervenants, intervenant, ponentes, oradores, المتحدثون
parent: text
    parent, parent event, part of
fund_note: translated
    fund note, participation fund, refugee participation fund
original: text
    original, original language
confirmed: json
    confirmed
extra: json
    extra
""",
    "person": """
source: text
    id, member id, member number, reference, ref, handle
name: text
    name, full name, nom complet, nom, nombre, nome, الاسم, person, member, nombre completo, nome completo
first_name: text
    first name, given name, prénom, prenom, primeiro nome, الاسم الأول
last_name: text
    last name, surname, family name, nom de famille, apellido, apellidos, sobrenome, اسم العائلة
role: text
    role, position, job title, title, fonction, poste, cargo, puesto, الوظيفة, المنصب
expertise: texts
    expertise, skills, areas of expertise, compétences, experiencia, especialidad, especialidade, الخبرة
organization: text
    organization, organisation, organización, organização, المنظمة, association, employer, affiliation,
    organization name, organisation name, member organization
country: country
    country, pays, país, pais, البلد, الدولة, country of seat, seat country, country name, nom du pays, country
    code, code pays
languages: languages
    languages, language, langues, langue, langues parlées, idiomas, idioma, lenguas, línguas, اللغات, اللغة,
    languages spoken, spoken languages
contact.emails: emails
    emails, email, e mail, mail, courriel, adresse courriel, adresse électronique, correo, correo electrónico,
    البريد الإلكتروني, البريد الالكتروني, email address, contact email
contact.phones: phones
    phones, phone, telephone, tel, téléphone, teléfono, telefone, الهاتف, رقم الهاتف, phone number, mobile,
    contact phone
original: text
    original, original language
confirmed: json
    confirmed
extra: json
    extra
""",
    "exchange": """
source: text
    id, reference, ref, handle
type: exchange-type
    type, need or offer, need offer, needs and offers, offer or need, need offer or funding, what kind, besoin ou offre,
    besoin offre, besoin offre ou financement, necesidad u oferta, necesidad oferta u financiación, tipo, النوع,
    احتياج أو عرض, احتياج عرض
titles: translated
    titles, title, titre, intitulé, título, titulo, العنوان, name, nom, nombre, nome, الاسم, event, event name,
    événement, evento, subject, summary, need, needs, offer, offers, besoin, besoins, offre, offres, necesidad,
    necesidades, oferta, ofertas, الاحتياجات, العروض, what, what is needed, what is
    offered, what is needed or offered, in short, in a sentence, quoi, quoi exactement, objet, de quoi s agit il, qué,
    qué se necesita, qué se ofrece, asunto, ماذا, الموضوع بإيجاز, المطلوب, المعروض
description: translated
    description, about, mission, summary, overview, descripción, descrição, présentation, الوصف, وصف, remarks,
    details, notes, more, détails, précisions, remarques, detalles, observaciones, notas, التفاصيل, ملاحظات
organization: text
    organization, organisation, organización, organização, المنظمة, association, employer, affiliation,
    organization name, organisation name, member organization, member organisation, member, who, by, from, membre,
    organisme, qui, nom de l organisation, miembro, quién, nombre de la organización, المنظمة العضو, الجهة, من
themes: themes
    themes, theme, topics, topic, thèmes, thème, sujets, temas, tema, المواضيع, الموضوع, subjects, subject,
    services, sector, secteur, area, areas of work, domaine, domaines, ámbito, ámbitos, áreas, المجال, المجالات,
    thématique, thématiques, temática, temáticas
client_groups: client-groups
    client groups, client group, clients, target client group, target group, target groups, population,
    populations, public cible, population cible, groupes cibles, groupe cible, clientèle, población objetivo,
    grupo meta, grupos meta, población, público-alvo, beneficiaries, bénéficiaires, beneficiarios,
    beneficiários, الفئات المستهدفة, الفئة المستهدفة, المستفيدون, for whom, for, whom, pour qui, para quién,
    para quiénes, لمن, public, publics, publics cibles, destinataires, público, destinatarios
modality: modality
    modality, modalité, modalidad, modalidade, form, how, الطريقة, kind of exchange, type of exchange, exchange type,
    form of exchange, type d échange, genre d échange, forme, comment, tipo de intercambio, forma, cómo, نوع التبادل,
    شكل التبادل, كيف
countries: countries
    country, pays, país, pais, البلد, الدولة, country of seat, seat country, country name, nom du pays, country
    code, code pays, countries, países, البلدان, where, region, regions, countries and regions, où, région, régions,
    pays et régions, dónde, región, regiones, países y regiones, أين, المنطقة, المناطق
languages: languages
    languages, language, langues, langue, langues parlées, idiomas, idioma, lenguas, línguas, اللغات, اللغة,
    languages spoken, spoken languages
stage: stage
    stage, resettlement stage, étape, etapa, المرحلة, stage of resettlement, resettlement country, étape de
    réinstallation, pays de réinstallation, etapa de reasentamiento, país de reasentamiento, مرحلة إعادة التوطين
posted: date
    posted, posted on, date posted, posting date, since, date, publié le, affiché le, depuis, date de publication,
    publicado, publicado el, fecha de publicación, desde, fecha, تاريخ النشر, نشر في, منذ
open_until: last-day
    open until, deadline, until, closes, closing date, valid until, expires, expiry, date limite, ouvert jusqu au, jusqu
    au, échéance, date d échéance, valable jusqu au, fecha límite, prazo, abierto hasta, hasta, plazo, vence,
    الموعد النهائي, مفتوح حتى, حتى
state: exchange-state
    state, status, statut, estado, الحالة, état
closed: date
    closed, closed on, date closed, fermé le, clos le, date de clôture, clôturé le, cerrado, cerrado el, fecha de
    cierre, تاريخ الإغلاق, أغلق في
outcome: outcome
    outcome, result, what came of it, résultat, issue, suite donnée, resultado, desenlace, النتيجة
outcome_note: translated
    outcome note, outcome notes, result note, note on the outcome, note sur le résultat, nota sobre el resultado,
    ملاحظة عن النتيجة
amount: text
    amount, amounts, budget, montant, montants, somme, importe, monto, presupuesto, cantidad, orçamento, المبلغ,
    الميزانية
original: text
    original, original language
confirmed: json
    confirmed
extra: json
    extra
""",
    "resource": """
source: text
    id, reference, ref, handle
titles: translated
    titles, title, titre, intitulé, título, titulo, العنوان, name, nom, nombre, nome, الاسم, event, event name,
    événement, evento, subject, summary
type: resource-type
    type, kind of event, event type, type d événement, tipo, tipo de evento, النوع, category, catégorie,
    categoría, categoria, format
description: translated
    description, about, mission, summary, overview, descripción, descrição, présentation, الوصف, وصف, remarks,
    details
url: url
    website, web site, site web, site internet, site, url, web, webpage, homepage, sitio web, página web, الموقع
    الإلكتروني, الموقع, web address, link, lien
date: date
    date, published, publication date, date de publication, fecha, data, التاريخ
language: language
    language, langue, idioma, اللغة
themes: themes
    themes, theme, topics, topic, thèmes, thème, sujets, temas, tema, المواضيع, الموضوع, subjects, subject
original: text
    original, original language
confirmed: json
    confirmed
extra: json
    extra
""",
}
