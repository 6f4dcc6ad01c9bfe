select json_build_object('id', $1->>'id', 'templateTest', true, 'data', 'Data for ID: ' || ($1->>'id'))
