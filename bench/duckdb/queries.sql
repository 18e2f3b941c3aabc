set threads = 2
create table customer as select i as custkey, 'Customer#' || lpad(i::varchar, 9, '0') as name, (hash(i * 7) % 25)::integer as nation, ['BUILDING', 'MACHINERY', 'FURNITURE', 'HOUSEHOLD', 'AUTOMOBILE'][1 + (hash(i * 11) % 5)::integer] as segment from range(100000) r(i)
create table orders as select i as orderkey, (hash(i * 13) % 100000)::bigint as custkey, date '1992-01-01' + (hash(i * 17) % 2406)::integer as ordered, ['1-URGENT', '2-HIGH', '3-MEDIUM', '4-NOT SPECIFIED', '5-LOW'][1 + (hash(i * 19) % 5)::integer] as priority from range(500000) r(i)
create table lineitem as select (i // 4)::bigint as orderkey, (hash(i * 23) % 200000)::integer as partkey, (1 + hash(i * 29) % 50)::decimal(12, 2) as quantity, (900 + hash(i * 31) % 100000 / 1)::decimal(12, 2) as price, ((hash(i * 37) % 11)::decimal(12, 2) / 100)::decimal(12, 2) as discount, ['A', 'N', 'R'][1 + (hash(i * 43) % 3)::integer] as returned, date '1992-01-01' + (hash(i * 53) % 2500)::integer as shipped, ['AIR', 'MAIL', 'SHIP', 'RAIL', 'TRUCK', 'FOB', 'REG AIR'][1 + (hash(i * 59) % 7)::integer] as mode from range(2000000) r(i)

select returned, sum(quantity), sum(price), sum(price * (1 - discount)), avg(quantity), count(*) from lineitem where shipped <= date '1998-09-02' group by all order by all
select l.orderkey, sum(price * (1 - discount)) as revenue, ordered from customer c join orders o using (custkey) join lineitem l using (orderkey) where segment = 'BUILDING' and ordered < date '1995-03-15' and shipped > date '1995-03-15' group by l.orderkey, ordered order by revenue desc, ordered, l.orderkey limit 10
select priority, count(*) from orders o where ordered >= date '1993-07-01' and exists (select 1 from lineitem l where l.orderkey = o.orderkey and returned = 'R') group by all order by all
select nation, sum(price * (1 - discount)) from customer join orders using (custkey) join lineitem using (orderkey) where ordered >= date '1994-01-01' group by nation order by 2 desc
select sum(price * discount) from lineitem where shipped >= date '1994-01-01' and shipped < date '1995-01-01' and discount between 0.05 and 0.07 and quantity < 24
select mode, sum(case when priority in ('1-URGENT', '2-HIGH') then 1 else 0 end), count(*) from orders join lineitem using (orderkey) where mode in ('MAIL', 'SHIP') and shipped > ordered group by mode order by mode
select custkey, name, sum(quantity) as total from customer join orders using (custkey) join lineitem using (orderkey) group by custkey, name order by total desc, custkey limit 20
select year(shipped) as y, mode, rank() over (partition by year(shipped) order by sum(price) desc) as place from lineitem group by y, mode order by y, place, mode
select count(distinct partkey), min(shipped), max(shipped), quantile_disc(price, 0.5), mode(mode) from lineitem
select left(name, 14) as head, count(*), string_agg(segment, ',' order by custkey)[:40] from customer where name like '%7_' group by head order by head limit 20
select sum(length(md5(i::varchar))) from range(300000) r(i)
select count(*) from (select regexp_extract(name, '([0-9]{3})$', 1) as tail from customer) where tail like '1%'
select count(*) from (select unnest(range(1000000)) as x order by hash(x))
select sum(sin(i) * exp(-i / 1e6) + ln(i + 1)) from range(1000000) r(i)
