// The operations of custom production. What the members are: docs/protocols/orders-api.md.
#include "api/openapi_parts.h"

namespace lineshaft::api {
namespace {

constexpr std::string_view order_example =
    R"({"id":"o-7k3f9q2mzx4tab5w","number":17,"state":"planned","name":"Mei","quantity":2,")"
    R"(pieces":{"good":0,"rework":0,"scrap":0},"price":{"currency":"CNY","total_minor":2000)"
    R"(},"jobs":[]})";
constexpr std::string_view job_example =
    R"({"id":"J12","order":"o-7k3f9q2mzx4tab5w","state":"AllowedToStart","substate":"Waitin)"
    R"(g","asked":null,"methods":["RevokeStart","Update","Cancel"],"machine":"sewing:hall:m)"
    R"(1","position":0,"pinned":false})";
constexpr std::string_view link_example =
    R"({"id":"1","name":"Old town","url":"/shop/1-Zb0Yx1aB2cD3eF4g","orders_per_hour":60,"q)"
    R"(uantity_max":100,"orders":3})";
constexpr std::string_view prices_example =
    R"({"currency":"CNY","setup_minor":1000,"thousand_stitches_minor":150,"colour_minor":10)"
    R"(0,"piece_min_minor":500,"machine_hour_minor":6000,"thread_km_minor":2000})";
constexpr std::string_view sewing_example =
    R"({"machine":"sewing:hall:m1","name":"m1","enabled":true,"heads":1,"needles":15,"hoop_)"
    R"(mm":[360,360],"rpm_max":850,"dialect":"tajima","delivery":"mqtt","folder":null,"thre)"
    R"(ads":[],"source":"machine"})";
constexpr std::string_view plan_example =
    R"({"made_at":"2026-11-22T08:00:00Z","jobs":12,"machines":3,"late_jobs":0,"late_s":0,"s)"
    R"(etup_s":540,"took_ms":12.5,"proven":false})";

constexpr Operation order_rows[] = {
    {"GET", "/api/v1/thread-chart",
     "Threads to choose from.",
     "", "",
     "",
     200, "OrderThing",
     R"({"items":[{"code":"005","name":"Red","colour":"#ec0000"}],"next":null})"},
    {"GET", "/api/v1/shops/{link}",
     "What a shop link offers: fonts, fabrics, hoops, threads.",
     "", "",
     "",
     200, "OrderThing",
     R"({"name":"Old town","organisation":"Harbour Stitching","currency":"CNY","fonts":["san)"
     R"(s"],"fabrics":["twill"],"hoops":[{"name":"360 × 360","width_mm":360,"height_mm":360})"
     R"(],"threads":[{"code":"005","name":"Red","colour":"#ec0000"}],"quantity_max":100,"exp)"
     R"(ires_at":null})"},
    {"POST", "/api/v1/shops/{link}/designs",
     "A design of a customer's; its id works under this link only.",
     "once", "OrderThing",
     R"({"name":"Mei","artwork":{"text":"Mei"}})",
     201, "OrderThing",
     R"({"id":"7-Zb0Yx1aB2cD3eF4g","name":"Mei","state":"ready","stitches":1820,"minutes":2.)"
     R"(9})"},
    {"GET", "/api/v1/shops/{link}/designs/{id}",
     "The same, later.",
     "", "",
     "",
     200, "OrderThing",
     R"({"id":"7-Zb0Yx1aB2cD3eF4g","name":"Mei","state":"ready","stitches":1820,"minutes":2.)"
     R"(9})"},
    {"GET", "/api/v1/shops/{link}/designs/{id}/files/{format}",
     "Its picture (svg, png), or its stitches (dst).",
     "", "",
     "",
     200, "",
     "<svg/>"},
    {"POST", "/api/v1/shops/{link}/quotes",
     "What it would cost, and when it could be ready.",
     "", "OrderThing",
     R"({"design":"7-Zb0Yx1aB2cD3eF4g","quantity":2})",
     200, "OrderThing",
     R"({"currency":"CNY","quantity":2,"items":[{"what":"setup","count":1,"unit_minor":1000,)"
     R"("amount_minor":1000}],"piece_minor":500,"total_minor":2000,"minutes":5.8,"ready_at":)"
     R"(null})"},
    {"POST", "/api/v1/shops/{link}/orders",
     "A customer's order.",
     "once", "OrderThing",
     R"({"design":"7-Zb0Yx1aB2cD3eF4g","quantity":2,"customer":{"name":"Mei"}})",
     201, "OrderThing",
     order_example},
    {"GET", "/api/v1/shop-links",
     "Links without login.",
     "", "",
     "",
     200, "OrderThing",
     R"({"items":[{"id":"1","name":"Old town","url":"/shop/1-Zb0Yx1aB2cD3eF4g","orders_per_h)"
     R"(our":60,"quantity_max":100,"orders":3}],"next":null})"},
    {"POST", "/api/v1/shop-links",
     "A new one.",
     "once", "OrderThing",
     R"({"name":"Old town"})",
     201, "OrderThing",
     link_example},
    {"DELETE", "/api/v1/shop-links/{id}",
     "It opens nothing any more.",
     "", "",
     "",
     204, "",
     ""},
    {"GET", "/api/v1/prices",
     "What sewing is asked for, and costs.",
     "", "",
     "",
     200, "OrderThing",
     prices_example},
    {"PUT", "/api/v1/prices",
     "Other prices, for orders to come.",
     "", "OrderThing",
     prices_example,
     200, "OrderThing",
     prices_example},
    {"GET", "/api/v1/orders",
     "Orders, newest first.",
     "limit cursor", "",
     "",
     200, "OrderThing",
     R"({"items":[{"id":"o-7k3f9q2mzx4tab5w","number":17,"state":"planned","name":"Mei","qua)"
     R"(ntity":2,"pieces":{"good":0,"rework":0,"scrap":0},"price":{"currency":"CNY","total_m)"
     R"(inor":2000},"jobs":[]}],"next":null})"},
    {"POST", "/api/v1/orders",
     "An order of a design, at the desk.",
     "once", "OrderThing",
     R"({"design":"7","quantity":2,"customer":{"name":"Mei"}})",
     201, "OrderThing",
     order_example},
    {"GET", "/api/v1/orders/{id}",
     "An order: its id is its key.",
     "", "",
     "",
     200, "OrderThing",
     order_example},
    {"PATCH", "/api/v1/orders/{id}",
     "Its due time, priority or note.",
     "", "OrderThing",
     R"({"priority":80})",
     200, "OrderThing",
     order_example},
    {"POST", "/api/v1/orders/{id}/{verb}",
     "hold, release or refuse it.",
     "", "OrderThing",
     R"({"why":"no such cloth"})",
     200, "OrderThing",
     order_example},
    {"POST", "/api/v1/orders/{id}/pieces/{number}",
     "A piece is good, rework or scrap; what is not good is sewn again.",
     "", "OrderThing",
     R"({"quality":"scrap","why":"a stain"})",
     200, "OrderThing",
     order_example},
    {"GET", "/api/v1/orders/{id}/events",
     "Follows an order: order, job, progress, piece, gap.",
     "", "",
     "",
     200, "",
     "event: progress\ndata: {}\n\n"},
    {"GET", "/api/v1/orders/{id}/history",
     "What happened to it, oldest first.",
     "limit cursor", "",
     "",
     200, "OrderThing",
     R"({"items":[{"at":"2026-11-22T08:00:00Z","kind":"placed","text":"2 × Mei","job":null,")"
     R"(by":"customer"}],"next":null})"},
    {"GET", "/api/v1/orders/{id}/cost",
     "What it has cost so far, beside its price.",
     "", "",
     "",
     200, "OrderThing",
     R"({"currency":"CNY","items":[{"what":"machine_time","count":0.1,"unit":"h","amount_min)"
     R"(or":600}],"total_minor":600,"price_minor":2000,"margin_minor":1400})"},
    {"GET", "/api/v1/orders/{id}/certificate",
     "Who made it, when, on which machine, with how many stitches; 409 until it is done.",
     "", "",
     "",
     200, "OrderThing",
     R"({"order":"o-7k3f9q2mzx4tab5w","identifier":null,"maker":"Harbour Stitching","pieces")"
     R"(:[{"number":1,"stitches":1820,"quality":"good"}],"stitches_total":1820,"qr":"<svg/>")"
     R"(})"},
    {"GET", "/api/v1/orders/{id}/files/{format}",
     "The picture of its stitches (svg, png), or the stitches (dst).",
     "", "",
     "",
     200, "",
     "<svg/>"},
    {"GET", "/api/v1/board",
     "Orders by state.",
     "", "",
     "",
     200, "OrderThing",
     R"({"columns":[{"state":"new","count":1,"items":[{"id":"o-7k3f9q2mzx4tab5w","number":17)"
     R"(,"state":"planned","name":"Mei","quantity":2,"pieces":{"good":0,"rework":0,"scrap":0)"
     R"(},"price":{"currency":"CNY","total_minor":2000},"jobs":[]}]}]})"},
    {"GET", "/api/v1/board/events",
     "Follows the whole workshop: board, order, job, progress, piece, plan, machine, gap.",
     "", "",
     "",
     200, "",
     "event: plan\ndata: {}\n\n"},
    {"GET", "/api/v1/job-orders",
     "Job orders, newest first.",
     "limit cursor", "",
     "",
     200, "OrderThing",
     R"({"items":[{"id":"J12","order":"o-7k3f9q2mzx4tab5w","state":"AllowedToStart","substat)"
     R"(e":"Waiting","asked":null,"methods":["RevokeStart","Update","Cancel"],"machine":"sew)"
     R"(ing:hall:m1","position":0,"pinned":false}],"next":null})"},
    {"GET", "/api/v1/job-orders/{id}",
     "One run on one machine.",
     "", "",
     "",
     200, "OrderThing",
     job_example},
    {"POST", "/api/v1/job-orders/{id}/{method}",
     "A method of OPC 10031-4; 409 not from this state.",
     "once", "OrderThing",
     R"({"why":"wrong cloth"})",
     200, "OrderThing",
     job_example},
    {"PUT", "/api/v1/job-orders/{id}/place",
     "On that machine, there in its queue, whatever is planned later.",
     "", "OrderThing",
     R"({"machine":"sewing:hall:m1","position":0})",
     200, "OrderThing",
     job_example},
    {"DELETE", "/api/v1/job-orders/{id}/place",
     "The planner may move it again.",
     "", "",
     "",
     200, "OrderThing",
     job_example},
    {"GET", "/api/v1/queues",
     "What every machine does and will do.",
     "", "",
     "",
     200, "OrderThing",
     R"({"machines":[{"machine":"sewing:hall:m1","name":"m1","connection":"online","enabled")"
     R"(:true,"running":null,"queue":[{"id":"J12","order":"o-7k3f9q2mzx4tab5w","state":"Allo)"
     R"(wedToStart","substate":"Waiting","asked":null,"methods":["RevokeStart","Update","Can)"
     R"(cel"],"machine":"sewing:hall:m1","position":0,"pinned":false}],"free_at":null,"profi)"
     R"(le":{"machine":"sewing:hall:m1","name":"m1","enabled":true,"heads":1,"needles":15,"h)"
     R"(oop_mm":[360,360],"rpm_max":850,"dialect":"tajima","delivery":"mqtt","folder":null,")"
     R"(threads":[],"source":"machine"}}],"unplanned":[],"plan":{"made_at":"2026-11-22T08:00)"
     R"(:00Z","jobs":12,"machines":3,"late_jobs":0,"late_s":0,"setup_s":540,"took_ms":12.5,")"
     R"(proven":false}})"},
    {"POST", "/api/v1/plans",
     "Plans again now.",
     "", "",
     "",
     200, "OrderThing",
     plan_example},
    {"GET", "/api/v1/sewing-machines",
     "Machines that sew, and what each can.",
     "", "",
     "",
     200, "OrderThing",
     R"({"items":[{"machine":"sewing:hall:m1","name":"m1","enabled":true,"heads":1,"needles")"
     R"(:15,"hoop_mm":[360,360],"rpm_max":850,"dialect":"tajima","delivery":"mqtt","folder":)"
     R"(null,"threads":[],"source":"machine"}],"next":null})"},
    {"PUT", "/api/v1/machines/{machine}/sewing",
     "What a machine can, as people know it.",
     "", "OrderThing",
     R"({"needles":15,"hoop_mm":[360,360]})",
     200, "OrderThing",
     sewing_example},
    {"DELETE", "/api/v1/machines/{machine}/sewing",
     "What it says of itself counts again.",
     "", "",
     "",
     204, "",
     ""},
    {"GET", "/api/v1/machines/{machine}/files/{barcode}",
     "The machine file of a job order.",
     "", "",
     "",
     200, "",
     "DST"},
    {"GET", "/api/v1/machines/{machine}/next-job",
     "The job order that is its turn; 204: none.",
     "", "",
     "",
     200, "OrderThing",
     job_example},
    {"POST", "/api/v1/machines/{machine}/reports",
     "What a machine says of a job order; twice counts once.",
     "", "OrderThing",
     R"({"job":"J12","state":"Ended","pieces":3})",
     200, "OrderThing",
     R"({"job":"J12","state":"Ended"})"},
    {"GET", "/api/v1/machines/{machine}/oee",
     "ISO 22400 figures of a machine.",
     "", "",
     "",
     200, "OrderThing",
     R"({"machine":"sewing:hall:m1","oee":0.62,"availability":0.8,"formulas":{"availability")"
     R"(:"APT / PBT"}})"},
    {"GET", "/api/v1/oee",
     "The same of all that sew.",
     "", "",
     "",
     200, "OrderThing",
     R"({"items":[{"machine":"sewing:hall:m1","oee":0.62}],"next":null})"},
    {"GET", "/api/v1/stops",
     "Why machines stood, most seconds first.",
     "", "",
     "",
     200, "OrderThing",
     R"({"from":"2026-11-22T00:00:00Z","until":"2026-11-22T08:00:00Z","items":[{"reason":"th)"
     R"(read_break","count":3,"seconds":190,"share":1,"cumulative":1}]})"},
};

}  // namespace

std::span<const Operation> order_operations() {
    return order_rows;
}

}  // namespace lineshaft::api
