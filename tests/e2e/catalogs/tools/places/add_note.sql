insert into note (text) values ($1->>'text') returning text, coalesce(workspace_id::text, '') as workspace
