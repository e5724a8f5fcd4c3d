// The thirteen questions of TSBS's trucks (timescale/tsbs, use case iot) as this product's SQL: machines are trucks, what the
// measurement said are its tags, what a truck is are its attributes. docs/benchmarks.md says where the words differ from TSBS.

const iso = (seconds) => new Date(seconds * 1000).toISOString();

/** The seven questions that every peer is asked, as this product's SQL. */
export function plainQuestions({ begin_s }) {
    const hour = `time >= '${iso(begin_s + 600)}' AND time < '${iso(begin_s + 4200)}'`;
    const some = Array.from({ length: 100 }, (_, index) => `'truck_${index}'`).join(",");
    const speed = "tag = 'readings.velocity'";
    return {
        last: `SELECT machine, value FROM latest WHERE ${speed}`,
        hour: `SELECT time, value FROM samples WHERE machine = 'truck_7' AND ${speed} AND ${hour}`,
        minute1: `SELECT time_bucket('1 minute', time) m, avg(value) FROM samples WHERE machine = 'truck_7' AND ${speed} GROUP BY m`,
        minute100: `SELECT machine, time_bucket('1 minute', time) m, avg(value) FROM samples WHERE machine IN (${some}) AND ${speed} GROUP BY machine, m`,
        minuteEach: `SELECT machine, time_bucket('1 minute', time) m, avg(value) FROM samples WHERE ${speed} GROUP BY machine, m`,
        minuteAll: `SELECT time_bucket('1 minute', time) m, avg(value) FROM samples WHERE ${speed} GROUP BY m`,
        fleet: "SELECT m.attributes ->> 'fleet' f, max(s.value) FROM samples s JOIN machines m ON m.id = s.machine WHERE s.tag = 'readings.velocity' GROUP BY f",
    };
}

/** What they are called in tables. */
export const plainNames = {
    last: "newest velocity of every truck", hour: "a raw hour of one series", minute1: "minute averages of one series, everything",
    minute100: "— of 100 series", minuteEach: "— of 1,000 series, each its own", minuteAll: "— of 1,000 series as one", fleet: "maximum by fleet, everything",
};

/**
 * Statements by name. `tag`: what a field's tag is called; `begin_s`, `end_s`: of the data; `fleet`, `truck`: which ones are asked for.
 * Two windows of TSBS are drawn at random there; here they end with the data.
 */
export function truckQuestions({ tag, begin_s, end_s, fleet = "South", truck = "truck_3" }) {
    const at = (seconds) => `'${iso(seconds)}'`;
    const last = (hours) => `time >= ${at(Math.max(begin_s, end_s - hours * 3600))} AND time < ${at(end_s)}`;
    const said = (name) => `m.attributes ->> '${name}'`;
    const ofFleet = `${said("fleet")} = '${fleet}'`;
    const place = (who) => `
        SELECT l.machine AS name, ${said("driver")} AS driver,
               max(l.value) FILTER (WHERE l.tag = '${tag("longitude")}') AS longitude, max(l.value) FILTER (WHERE l.tag = '${tag("latitude")}') AS latitude
        FROM latest l JOIN machines m ON m.id = l.machine
        WHERE l.tag IN ('${tag("longitude")}', '${tag("latitude")}') AND ${who} GROUP BY 1, 2 ORDER BY 1`;
    const newest = (field, more) => `
        SELECT l.machine AS name, ${said("driver")} AS driver, l.value AS ${field}
        FROM latest l JOIN machines m ON m.id = l.machine WHERE l.tag = '${tag(field)}' AND ${more} AND ${ofFleet} ORDER BY l.machine`;
    const moving = (hours, most) => `
        SELECT m.id AS name, ${said("driver")} AS driver
        FROM (SELECT machine, time_bucket('10 minutes', time) AS ten_minutes FROM samples
              WHERE tag = '${tag("velocity")}' AND ${last(hours)} GROUP BY 1, 2 HAVING avg(value) > 1) r
        JOIN machines m ON m.id = r.machine WHERE ${ofFleet} GROUP BY 1, 2 HAVING count(*) > ${most} ORDER BY 1`;
    return {
        "single-last-loc": place(`l.machine = '${truck}'`),
        "last-loc": place(ofFleet),
        "low-fuel": newest("fuel_state", "l.value < 0.1"),
        "high-load": newest("current_load", `l.value / (${said("load_capacity")})::float8 > 0.9`),
        "stationary-trucks": `
            SELECT s.machine AS name, ${said("driver")} AS driver FROM samples s JOIN machines m ON m.id = s.machine
            WHERE s.tag = '${tag("velocity")}' AND ${last(1 / 6)} AND ${ofFleet} GROUP BY 1, 2 HAVING avg(s.value) < 1 ORDER BY 1`,
        "long-driving-sessions": moving(4, 22),
        "long-daily-sessions": moving(24, 60),
        "avg-vs-projected-fuel-consumption": `
            SELECT ${said("fleet")} AS fleet, sum(c.total) / sum(c.n) AS avg_fuel_consumption,
                   sum(c.n * (${said("nominal_fuel_consumption")})::float8) / sum(c.n) AS projected_fuel_consumption
            FROM (SELECT f.machine, count(f.value) AS n, sum(f.value) AS total
                  FROM samples f JOIN samples v ON v.machine = f.machine AND v.time = f.time
                  WHERE f.tag = '${tag("fuel_consumption")}' AND v.tag = '${tag("velocity")}' AND v.value > 1 GROUP BY f.machine) c
            JOIN machines m ON m.id = c.machine GROUP BY 1 ORDER BY 1`,
        "avg-daily-driving-duration": `
            WITH sessions AS (SELECT machine, time_bucket('10 minutes', time) AS ten_minutes FROM samples
                              WHERE tag = '${tag("velocity")}' GROUP BY 1, 2 HAVING avg(value) > 1),
                 days AS (SELECT machine, time_bucket('24 hours', ten_minutes) AS day, count(*) / 6 AS hours FROM sessions GROUP BY 1, 2)
            SELECT ${said("fleet")} AS fleet, m.id AS name, ${said("driver")} AS driver, avg(d.hours) AS avg_daily_hours
            FROM days d JOIN machines m ON m.id = d.machine GROUP BY 1, 2, 3 ORDER BY 2`,
        "avg-daily-driving-session": `
            WITH status AS (SELECT machine, time_bucket('10 minutes', time) AS ten_minutes, avg(value) > 5 AS driving FROM samples
                            WHERE tag = '${tag("velocity")}' GROUP BY 1, 2),
                 before AS (SELECT machine, ten_minutes, driving, lag(driving) OVER (PARTITION BY machine ORDER BY ten_minutes) AS drove FROM status),
                 changes AS (SELECT machine, ten_minutes AS start, lead(ten_minutes) OVER (PARTITION BY machine ORDER BY ten_minutes) AS stop, driving
                             FROM before WHERE driving <> drove)
            SELECT machine AS name, time_bucket('24 hours', start) AS day, avg(extract(epoch FROM stop - start)) AS seconds
            FROM changes WHERE driving GROUP BY 1, 2 ORDER BY 1, 2`,
        "avg-load": `
            SELECT ${said("fleet")} AS fleet, ${said("model")} AS model, ${said("load_capacity")} AS load_capacity,
                   avg(l.load / (${said("load_capacity")})::float8) AS avg_load_percentage
            FROM (SELECT machine, avg(value) AS load FROM samples WHERE tag = '${tag("current_load")}' GROUP BY 1) l
            JOIN machines m ON m.id = l.machine GROUP BY 1, 2, 3 ORDER BY 1, 2, 3`,
        "daily-activity": `
            SELECT ${said("fleet")} AS fleet, ${said("model")} AS model, time_bucket('24 hours', y.ten_minutes) AS day, count(*) / 144.0 AS daily_activity
            FROM (SELECT machine, time_bucket('10 minutes', time) AS ten_minutes FROM samples
                  WHERE tag = '${tag("status")}' GROUP BY 1, 2 HAVING avg(value) < 1) y
            JOIN machines m ON m.id = y.machine GROUP BY 1, 2, 3 ORDER BY 3, 1, 2`,
        "breakdown-frequency": `
            WITH tens AS (SELECT machine, time_bucket('10 minutes', time) AS ten_minutes, 2 * count(*) FILTER (WHERE value = 0) >= count(*) AS broken
                          FROM samples WHERE tag = '${tag("status")}' GROUP BY 1, 2),
                 changes AS (SELECT machine, broken, lead(broken) OVER (PARTITION BY machine ORDER BY ten_minutes) AS breaks FROM tens)
            SELECT ${said("model")} AS model, count(*) AS breakdowns FROM changes c JOIN machines m ON m.id = c.machine
            WHERE NOT c.broken AND c.breaks GROUP BY 1 ORDER BY 1`,
    };
}

/** Those of them that are plain questions to one wide table, as ClickHouse has it; the others need windows, which 18.16 has not. */
export function truckTable({ begin_s, end_s, fleet = "South", truck = "truck_3" }) {
    const last = (hours) => `time >= ${Math.round(Math.max(begin_s, end_s - hours * 3600))} AND time < ${end_s}`;
    const ten = "toDateTime(intDiv(toUInt32(time), 600) * 600) AS ten_minutes";
    const place = (who) => `SELECT machine, any(driver), argMax(longitude, time), argMax(latitude, time) FROM readings WHERE ${who} GROUP BY machine ORDER BY machine`;
    const newest = (field, having) => `SELECT machine, any(driver), argMax(${field}, time) AS newest FROM readings WHERE fleet = '${fleet}' GROUP BY machine HAVING ${having} ORDER BY machine`;
    const moving = (hours, most) => `SELECT machine, any(driver) FROM (SELECT machine, any(driver) AS driver, ${ten} FROM readings WHERE fleet = '${fleet}' AND ${last(hours)}
        GROUP BY machine, ten_minutes HAVING avg(velocity) > 1) GROUP BY machine HAVING count() > ${most} ORDER BY machine`;
    return {
        "single-last-loc": place(`machine = '${truck}'`),
        "last-loc": place(`fleet = '${fleet}'`),
        "low-fuel": newest("fuel_state", "newest < 0.1"),
        "high-load": newest("current_load", "newest / toFloat64(any(load_capacity)) > 0.9"),
        "stationary-trucks": `SELECT machine, any(driver) FROM readings WHERE fleet = '${fleet}' AND ${last(1 / 6)} GROUP BY machine HAVING avg(velocity) < 1 ORDER BY machine`,
        "long-driving-sessions": moving(4, 22),
        "long-daily-sessions": moving(24, 60),
        "avg-vs-projected-fuel-consumption": "SELECT fleet, avg(fuel_consumption), avg(toFloat64(nominal_fuel_consumption)) FROM readings WHERE velocity > 1 GROUP BY fleet ORDER BY fleet",
        "avg-daily-driving-duration": `SELECT machine, any(driver), avg(hours) FROM (SELECT machine, any(driver) AS driver, toStartOfDay(ten_minutes) AS day, intDiv(count(), 6) AS hours
            FROM (SELECT machine, any(driver) AS driver, ${ten} FROM readings GROUP BY machine, ten_minutes HAVING avg(velocity) > 1) GROUP BY machine, day) GROUP BY machine ORDER BY machine`,
        "avg-load": `SELECT fleet, model, load_capacity, avg(load / toFloat64(load_capacity)) FROM (SELECT machine, any(fleet) AS fleet, any(model) AS model, any(load_capacity) AS load_capacity,
            avg(current_load) AS load FROM readings GROUP BY machine) GROUP BY fleet, model, load_capacity ORDER BY fleet, model, load_capacity`,
        "daily-activity": `SELECT fleet, model, toStartOfDay(ten_minutes) AS day, count() / 144 FROM (SELECT any(fleet) AS fleet, any(model) AS model, ${ten} FROM readings
            GROUP BY machine, ten_minutes HAVING avg(status) < 1) GROUP BY fleet, model, day ORDER BY day, fleet, model`,
    };
}
