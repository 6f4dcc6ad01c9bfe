select jsonb_build_object('region', $1->'region', 'shards', $1->'shards', 'at', $1->'at')
