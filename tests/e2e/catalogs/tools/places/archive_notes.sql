with gone as (delete from note returning 1) select count(*) as archived from gone
